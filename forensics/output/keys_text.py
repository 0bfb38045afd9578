"""Audits of keys and accounts on screen: the keys to review first, then the others, one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from forensics.answers.audit_answer import Accounts, AuditedKey, KeyFinding, Keys
from forensics.answers.canonical import to_json
from forensics.answers.rows_answer import Rows
from forensics.output.exports_text import source
from forensics.output.identity_text import described
from forensics.output.lines import BLANK, Line, Span, heading, line, table
from forensics.output.words import KEY_FINDINGS, KEY_STATUS_STYLES, count, first_few, minute, readable_time

_SHOWN = 50  # keys of a part; JSON and CSV have all
_ACCOUNTS_NAMED = 5
# findings that point to misuse; the others are bad housekeeping
_ALARMING = {"used_after_disabled", "root_key", "quarantined", "owner_gone", "owner_differs", "absent_from_listing"}
_ORDER = {finding: place for place, finding in enumerate(KEY_FINDINGS)}


def render_keys(answer: Keys) -> Iterator[Line]:
    """Return the summary, the keys to review with their findings, and the other keys."""
    flagged = sorted((key for key in answer.keys if key.findings), key=_urgency)
    accounts = {key.account_id for key in answer.keys}
    when = f", as of {readable_time(answer.at)}" if answer.at else ""
    yield line(
        (count(len(answer.keys), "long-term key"), "bold"),
        f" of {', '.join(answer.accounts) or count(len(accounts), 'account')}{when}",
    )
    if not answer.exports:
        yield line(
            ("from the logs alone: the case has no IAM export, so unused keys are not listed", "warn"),
            indent=2,
        )
    elif answer.accounts_by_logs_alone:
        yield line((_unlisted(answer.accounts_by_logs_alone), "warn"), indent=2, hang=4)
    for finding, keys in sorted(answer.findings.items(), key=lambda item: _ORDER.get(item[0], 99)):
        days = {
            "overdue_for_rotation": f" (older than {answer.max_age_days} days)",
            "unused": f" (more than {answer.unused_days} days)",
        }.get(finding, "")
        yield line(f"{keys:>6,}  ", (KEY_FINDINGS.get(finding, finding), _style(finding)), days, indent=2, hang=10)
    if flagged:
        yield from (BLANK, heading("Keys to review"))
        for key in flagged[:_SHOWN]:
            yield from _key(key)
        yield from _more(len(flagged))
    rest = [key for key in answer.keys if not key.findings]
    if rest:
        yield from (BLANK, heading("Other keys"))
        yield from table(("key", "account", "age", "status", "last use", "owner"), [_row(key) for key in rest[:_SHOWN]])
        yield from _more(len(rest))


def _unlisted(account_ids: Sequence[str]) -> str:
    named = first_few(account_ids, _ACCOUNTS_NAMED)
    accounts = "account" if len(account_ids) == 1 else "accounts"
    return f"no IAM export lists the keys of {accounts} {named}, so unused keys are missing there"


def _more(found: int) -> Iterator[Line]:
    if found > _SHOWN:
        yield line((f"and {count(found - _SHOWN, 'more key')}; --format csv or json lists them all", "dim"), indent=2)


def _key(key: AuditedKey) -> Iterator[Line]:
    name = f"  {key.account_name}" if key.account_name else ""
    owner = ("  unknown owner",) if key.owner is None else ("  ", *described(key.owner))
    yield line((_id(key), "bold"), *owner, name, indent=2, hang=4)
    yield line(*_state(key), indent=4, hang=6)
    for finding in sorted(key.findings, key=lambda one: _ORDER.get(one.finding, 99)):
        yield line((_text(key, finding), _style(finding.finding)), indent=4, hang=6)
        if evidence := _evidence(finding):
            yield line((evidence, "dim"), indent=6, hang=8)


def _id(key: AuditedKey) -> str:
    return key.access_key_id or "a key without ID in any export"


def _state(key: AuditedKey) -> Iterator[str | Span]:
    age = f" ({count(key.age_days, 'day')})" if key.age_days is not None else ""
    yield f"created {readable_time(key.created_at)}{age}" if key.created_at else "age unknown"
    if key.status:
        yield from ("; ", (key.status.lower(), KEY_STATUS_STYLES.get(key.status, "")), " (logs)")
    if key.expires_at:
        yield f"; {'expired' if key.expired else 'expires'} {readable_time(key.expires_at)}"
    if key.iam_status:
        yield from ("; ", (key.iam_status.lower(), KEY_STATUS_STYLES.get(key.iam_status, "")), " (IAM)")
    used = f"{readable_time(key.last_use)} (logs)" if key.last_use else "not logged"
    if key.iam_never_used:
        used += ", never (IAM)"
    elif key.iam_last_use:
        used += f", {readable_time(key.iam_last_use)} (IAM)"
    yield f"; last used {used}"
    if key.iam_grade == "weak":
        yield from ("; ", ("weak: the credential report matches this key by creation time alone", "warn"))


def _text(key: AuditedKey, finding: KeyFinding) -> str:
    text = KEY_FINDINGS.get(finding.finding, finding.finding)
    return f"{text}: {', '.join(key.applications)}" if finding.finding == "several_applications" else text


def _evidence(finding: KeyFinding) -> str:
    """Return the events and the export that a finding is based on."""
    events = f"events {', '.join(finding.event_ids)}" if finding.event_ids else ""
    if finding.export is None:
        return events
    return "; ".join(part for part in (source(finding), events) if part)


def _row(key: AuditedKey) -> tuple[str, ...]:
    age = f"{key.age_days:,} d" if key.age_days is not None else ""
    owner = (key.owner.name or str(key.owner.kind)) if key.owner else "unknown"
    status = "expired" if key.expired and key.status != "Deleted" else (key.status or key.iam_status or "").lower()
    return (_id(key), key.account_id or "unknown", age, status, _day(_last_use(key)), owner)


def _last_use(key: AuditedKey) -> datetime | None:
    return max((time for time in (key.last_use, key.iam_last_use) if time), default=None)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "never"


def _urgency(key: AuditedKey) -> tuple[object, ...]:
    worst = min(_ORDER.get(finding.finding, 99) for finding in key.findings)
    return (worst, key.account_id or "", key.access_key_id or "~")


def _style(finding: str) -> str:
    return "bad" if finding in _ALARMING else "warn"


def keys_rows(answer: Keys) -> Rows:
    """Return one row per key."""
    columns = (
        "access_key_id", "account_id", "account_name", "owner_kind", "owner_name", "owner_id", "owner_arn",
        "owner_rests_on", "findings", "created_at", "age_days", "status", "status_since", "first_use", "last_use",
        "events", "applications", "iam_grade", "iam_status", "iam_status_as_of", "iam_never_used", "iam_last_use",
        "iam_last_use_service", "iam_last_use_region", "iam_last_use_as_of", "event_ids",
    )  # fmt: skip
    rows = tuple(
        (
            key.access_key_id,
            key.account_id,
            key.account_name,
            str(key.owner.kind) if key.owner else None,
            key.owner.name if key.owner else None,
            key.owner.id if key.owner else None,
            key.owner.arn if key.owner else None,
            key.owner_rests_on,
            " ".join(dict.fromkeys(finding.finding for finding in key.findings)),
            key.created_at,
            key.age_days,
            key.status,
            key.status_since,
            key.first_use,
            key.last_use,
            key.events,
            ", ".join(key.applications),
            str(key.iam_grade) if key.iam_grade else None,
            key.iam_status,
            key.iam_status_as_of,
            key.iam_never_used,
            key.iam_last_use,
            key.iam_last_use_service,
            key.iam_last_use_region,
            key.iam_last_use_as_of,
            " ".join(event_id for finding in key.findings for event_id in finding.event_ids),
        )
        for key in answer.keys
    )
    return Rows(columns, rows, len(rows))


def render_accounts(answer: Accounts) -> Iterator[Line]:
    """Return one row per account, and the accounts whose keys no export lists."""
    if not answer.accounts:
        yield line("no account is in the logs or in an export")
        return
    yield from table(
        ("account", "name", "status", "users", "keys", "to review", "events", "last event"),
        [
            (
                one.account_id,
                one.name or "",
                (one.status or "").lower(),
                "" if one.iam_users is None else f"{one.iam_users:,}",
                f"{one.long_term_keys:,}",
                f"{one.keys_with_findings:,}",
                f"{one.events:,}",
                minute(one.last_event_time) if one.last_event_time else "none loaded",
            )
            for one in answer.accounts
        ],
        indent=0,
    )
    unlisted = [one.account_id for one in answer.accounts if one.iam_as_of is None]
    if unlisted:
        yield BLANK
        yield line((_unlisted(unlisted), "warn"))


def accounts_json(answer: Accounts) -> str:
    """Return the accounts as a JSON array."""
    return to_json(answer.accounts) + "\n"


def accounts_rows(answer: Accounts) -> Rows:
    """Return one row per account."""
    columns = (
        "account_id", "name", "email", "status", "as_of", "events", "first_event_time", "last_event_time",
        "aws_regions", "iam_users", "long_term_keys", "keys_with_findings", "iam_as_of",
    )  # fmt: skip
    rows = tuple(
        (
            one.account_id, one.name, one.email, one.status, one.as_of, one.events, one.first_event_time,
            one.last_event_time, " ".join(one.aws_regions), one.iam_users, one.long_term_keys, one.keys_with_findings,
            one.iam_as_of,
        )
        for one in answer.accounts
    )  # fmt: skip
    return Rows(columns, rows, len(rows))
