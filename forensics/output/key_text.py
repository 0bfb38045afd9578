"""Key, for a reader: the finding first, then one part for each question of an incident responder."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.answers.core import ActorKind, Grade
from forensics.answers.key_answer import Children, Descendants, Key, KeyKind, MadeKey
from forensics.output.chain_text import candidate_lines, chain_lines
from forensics.output.evidence_text import (
    NOTHING_PROVEN,
    OPEN_WINDOWS,
    digest_lines,
    not_trusted_lines,
    open_window_lines,
)
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.identity_text import described, subject_line
from forensics.output.key_history_text import end_style, ended, life_lines, owners_access_lines, quarantine_lines
from forensics.output.key_use_text import (
    address_lines,
    outcomes,
    program_lines,
    region_lines,
    resource_lines,
    sensitive_lines,
    service_lines,
)
from forensics.output.lines import Line, and_more, labelled, line, part
from forensics.output.who_text import claim_lines, headline, missing_lines
from forensics.output.words import CLAIMS, FLAGS, KEY_KINDS, KEY_STATUS_STYLES, TACTICS, count, readable_time, time_span

_SHOWN = 10  # roles; JSON has more


def render_key(answer: Key) -> Iterator[Line]:
    """The parts of the page, top to bottom."""
    yield subject_line(answer.subject, KEY_KINDS[answer.kind], is_decoded=not answer.account_ids)
    yield from _finding(answer)
    yield from digest_lines(answer.who.digests)
    if not answer.in_logs:
        yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
        yield from part("What to load to learn more", missing_lines(answer.who.missing))
        yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))
        yield from part("Worth knowing", note_lines(answer))
        return
    activity = answer.activity
    yield from part("Calls that intruders are known for; administrators make them too", sensitive_lines(activity))
    yield from part("What befell the key", life_lines(answer))
    yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
    yield from part("How else its owner gets in", owners_access_lines(answer))
    yield from part("Quarantine by AWS", quarantine_lines(answer))
    yield from part("How it was requested, from the key back to its origin", chain_lines(answer.who))
    yield from part("Who it may have been; the logs do not decide, so nobody is named", candidate_lines(answer.who))
    yield from part(NOTHING_PROVEN, not_trusted_lines(answer.who.not_trusted))
    yield from part(CLAIMS, claim_lines(answer.who))
    yield from part("What was requested with it, directly and further down", _children(answer.children))
    yield from part("Addresses", address_lines(answer))
    yield from part("Programs, as they call themselves", program_lines(activity))
    yield from part("Regions", region_lines(activity))
    yield from part("Services", service_lines(activity))
    yield from part("What the calls were about", resource_lines(activity))
    yield from part("Worth knowing", note_lines(answer))
    yield from part("What to load to learn more", missing_lines(answer.who.missing))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))


def _finding(answer: Key) -> Iterator[Line]:
    yield from _whose(answer)
    yield from _status(answer)
    yield from _validity(answer)
    if answer.in_logs:
        yield from _used(answer)
        yield from _alarm(answer)
        yield from _led_to(answer.children)


def _whose(answer: Key) -> Iterator[Line]:
    """The owner of a long-term key, or who requested a temporary one."""
    owner = answer.owner
    if owner is None:
        yield from headline(answer.who)
        return
    yield labelled("owner", *described(owner))
    if not answer.in_logs:
        yield labelled("", ("says IAM; the key is in none of the loaded logs", "warn"))
    name = "" if owner.kind == ActorKind.ROOT else owner.name
    for detail in (owner.id, owner.arn):
        if detail and detail not in (name, owner.account_id):
            yield labelled("", (detail, "dim"))


def _status(answer: Key) -> Iterator[Line]:
    """By the logs, and by IAM as of a time."""
    yield from _logged_status(answer)
    for said in answer.exports:
        if said.what == "status" and said.value and said.about == answer.subject.id:
            when = f" as of {readable_time(said.as_of)}" if said.as_of else ""
            label = "" if answer.in_logs else "status"
            weak = "; weak: it fits by time alone" if said.grade == Grade.WEAK else ""
            style = KEY_STATUS_STYLES.get(said.value, "")
            yield labelled(label, (said.value.lower(), style), f", says IAM{when}", (weak, "warn"))


def _logged_status(answer: Key) -> Iterator[Line]:
    if answer.kind != KeyKind.LONG_TERM or not answer.in_logs:
        return
    life = answer.lifecycle
    if life.status is None:
        worked = answer.activity.last_success
        told = f"; it worked at {readable_time(worked)}" if worked else ""
        yield labelled("status", f"no change of it is in the logs{told}")
        return
    since = f" since {readable_time(life.status_since)}" if life.status_since else ""
    yield labelled("status", (life.status.lower(), KEY_STATUS_STYLES.get(life.status, "")), since)


def _validity(answer: Key) -> Iterator[Line]:
    if answer.issued_at:
        until = f" to {readable_time(answer.expires_at)}" if answer.expires_at else "; when it ends is not logged"
        yield labelled("valid", f"{readable_time(answer.issued_at)}{until}")


def _used(answer: Key) -> Iterator[Line]:
    activity = answer.activity
    if not activity.events:
        yield labelled("used", "never, in these logs")
        return
    yield labelled(
        "used",
        f"{time_span(activity.first_use, activity.last_use)}: {count(activity.events, 'call')}, {outcomes(activity)}",
    )
    totals = activity.totals
    yield labelled(
        "from",
        f"{count(totals.addresses, 'address', 'addresses')}, {count(totals.user_agents, 'user agent')},"
        f" {count(totals.regions, 'region')}",
    )


def _alarm(answer: Key) -> Iterator[Line]:
    sensitive = answer.activity.sensitive
    done = sum(one.succeeded for one in sensitive)
    refused = sum(one.denied + one.failed for one in sensitive)
    tactics = ", ".join(dict.fromkeys(TACTICS[one.tactic] for one in sensitive if one.succeeded))
    if done:
        more = f", {refused:,} refused" if refused else ""
        yield labelled("watch", (count(done, "sensitive call"), "bad"), f"{more}: {tactics}")
    elif refused:
        yield labelled("watch", (count(refused, "sensitive call"), "warn"), ", all refused")
    for end in answer.lifecycle.used_after_end:
        if end.succeeded:
            told = f"{count(end.succeeded, 'call')} succeeded after it was {ended(end)}"
            yield labelled("", (told, end_style(end)))


def _led_to(children: Children) -> Iterator[Line]:
    if children.credentials:
        accounts = count(len(children.account_ids), "account")
        valid = f"{children.unexpired or 'none'} known to be valid when the logs end"
        yield labelled("led to", f"{count(children.credentials, 'credential')} in {accounts}, {valid}")
    if children.possible:
        yield labelled("led to?", f"{count(children.possible, 'credential')} that it or another requested")
    for made in children.made_keys:
        status = f", {made.status.lower()}" if made.status else ""
        of = f" of {made.owner_name}" if made.owner_name else ""
        yield labelled("made", "long-term key ", (made.access_key_id, "bold"), f"{of}{status}")


def _children(children: Children) -> Iterator[Line]:
    shown = sorted(children.roles, key=lambda role: (not role.certain, role.depth, role.arn or ""))
    for role in shown[:_SHOWN]:
        yield from _role(role)
    if len(shown) > _SHOWN:
        yield and_more(count(len(shown) - _SHOWN, "more role"))
    for made in children.made_keys:
        yield from _made(made)


def _role(role: Descendants) -> Iterator[Line]:
    hops = "directly" if role.depth == 1 else f"over {role.depth} hops"
    sure = "" if role.certain else " PERHAPS"
    yield line((role.arn or "a principal without ARN", "bold"), f"{sure}  {role.account_id or ''}".rstrip())
    valid = f", {role.unexpired:,} not expired" if role.unexpired else ""
    issued = time_span(role.first_issued, role.last_issued)
    credentials, calls = count(role.credentials, "credential"), count(role.events, "call")
    yield line(f"{credentials} {hops}{valid}; issued {issued}; {calls}", indent=2)


def _made(made: MadeKey) -> Iterator[Line]:
    when = f" at {readable_time(made.created_at)}" if made.created_at else ""
    signed = f" with {made.by_access_key_id}" if made.by_access_key_id else ""
    used = f"; used {time_span(made.first_use, made.last_use)}" if made.first_use else "; never used"
    owner = f" of {made.owner_name}" if made.owner_name else ""
    account = f" in {made.account_id}" if made.account_id else ""
    yield line("long-term key ", (made.access_key_id, "bold"), f"{owner}{account}, made{when}{signed}{used}")
    if made.event_id:
        yield line((made.event_id, "dim"), indent=2)


def note_lines(answer: Key) -> Iterator[Line]:
    """What is unusual about the key, or missing from the logs."""
    decoded = answer.decoded_account_id
    if decoded and any(account != decoded for account in answer.account_ids):
        yield line(
            f"the ID says account {decoded}, the records say {', '.join(answer.account_ids)}:"
            " the logs were rewritten or anonymised"
        )
    elif answer.in_logs and decoded is None:
        yield line("the ID carries no account: it is from before 2019, or anonymised")
    if answer.kind == KeyKind.LONG_TERM and answer.in_logs and not answer.lifecycle.created_at:
        yield line("who made the key is not in the logs")
    if answer.kind == KeyKind.LONG_TERM and answer.in_logs and not answer.quarantine.changes:
        yield line("nothing in the logs says that AWS quarantined it")
    for flag in answer.flags:
        if flag not in ("rewritten_or_anonymised_logs", "used_after_end"):
            yield line(FLAGS.get(flag, flag.replace("_", " ")))
