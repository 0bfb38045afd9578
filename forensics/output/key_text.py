"""Key on screen: the finding first, then one part for each question of an incident responder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from forensics.answers.core import ActorKind, Grade
from forensics.answers.key_answer import (
    CallFilter,
    Children,
    Descendants,
    Key,
    KeyKind,
    Lifecycle,
    MadeKey,
    OtherCalls,
    Sensitive,
)
from forensics.answers.tree_answer import NodeKind, State, StillWorks
from forensics.identifiers import is_long_term, is_service_specific
from forensics.output.chain_text import candidate_lines, chain_lines
from forensics.output.evidence_text import (
    OPEN_WINDOWS,
    UNTRUSTED,
    digest_lines,
    not_trusted_lines,
    open_window_lines,
)
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.identity_text import described, short_name, subject_line
from forensics.output.key_history_text import (
    end_style,
    ended,
    life_lines,
    named_lines,
    owners_access_lines,
    quarantine_lines,
)
from forensics.output.key_use_text import (
    RECONNAISSANCE,
    SENSITIVE_CALLS,
    address_lines,
    burst_lines,
    by_gravity,
    outcomes,
    program_lines,
    region_lines,
    resource_lines,
    sensitive_lines,
    service_lines,
    sources,
)
from forensics.output.lines import Line, Span, command_line, labelled, line, part, with_prefix
from forensics.output.who_text import claim_lines, headline, missing_lines
from forensics.output.words import (
    CANDIDATES,
    CLAIMS,
    FLAGS,
    KEY_KINDS,
    KEY_STATUS_STYLES,
    MISSING,
    NAMED_BY,
    NODES,
    STATES,
    TACTICS,
    count,
    readable_time,
    time_span,
)

_SHOWN = 10  # roles; --all shows more
_WORKS_SHOWN = 7  # of what still works, so that it fits above the rest


def render_key(answer: Key, *, every: bool = False) -> Iterator[Line]:
    """Return a page on a key, top to bottom. `every`: show all of each list, not only the first."""
    yield subject_line(answer.subject, KEY_KINDS[answer.kind], is_decoded=not answer.account_ids)
    yield from still_works_lines(answer, every=every)
    yield from _finding(answer, every=every)
    yield from digest_lines(answer.who.digests)
    if not answer.in_logs:
        yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
        yield from part(MISSING, missing_lines(answer.who.missing))
        yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))
        yield from part("Notes", note_lines(answer))
        return
    activity, derived = answer.activity, answer.children.activity
    calls = sensitive_lines(activity.sensitive, derived.sensitive, every=every)
    yield from part(SENSITIVE_CALLS, calls)
    yield from part(RECONNAISSANCE, burst_lines(activity, every=every))
    yield from part("Reconnaissance by derived credentials", burst_lines(derived, every=every))
    yield from part("Key status changes", life_lines(answer))
    yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
    yield from part("Other access of the owner", owners_access_lines(answer))
    yield from part("Quarantine by AWS", quarantine_lines(answer))
    yield from part("Chain of requests, from the key back to its origin", chain_lines(answer.who))
    yield from part(CANDIDATES, candidate_lines(answer.who))
    yield from part(UNTRUSTED, not_trusted_lines(answer.who.not_trusted))
    yield from part(NAMED_BY, named_lines(answer.who, changes=False))
    yield from part(CLAIMS, claim_lines(answer.who))
    yield from part("Derived from the key, directly or over several hops", _children(answer.children, every=every))
    yield from part("Addresses", address_lines(activity, answer.address_databases, every=every))
    of_derived = address_lines(derived, answer.address_databases, every=every)
    yield from part("Addresses of derived credentials", of_derived)
    yield from part("Programs (self-declared)", program_lines(activity, every=every))
    yield from part("Programs of derived credentials (self-declared)", program_lines(derived, every=every))
    yield from part("Regions", region_lines(activity, every=every))
    yield from part("Services", service_lines(activity, every=every))
    yield from part("Resources", resource_lines(activity, every=every))
    yield from part("Notes", note_lines(answer))
    yield from part(MISSING, missing_lines(answer.who.missing))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))


def render_whole_key(answer: Key) -> Iterator[Line]:
    """Return a page on a key with all of each list."""
    return render_key(answer, every=True)


def still_works_lines(answer: Key, *, every: bool = False) -> Iterator[Line]:
    """Return what of the key, and of everything derived from it, is not known to have ended."""
    at = answer.children.at
    if at is None:
        return
    when = f"{readable_time(at)}, the end of the logs"
    if not answer.still_works:
        yield labelled("works", ("nothing is known to work", "good"), f" at {when}")
        return
    valid = any(one.valid_at is True for one in answer.still_works)
    yield labelled("works", ("still valid" if valid else "possibly valid", "bad" if valid else "warn"), f" at {when}:")
    shown = answer.still_works if every else answer.still_works[:_WORKS_SHOWN]
    for one in shown:
        yield labelled("", *_working(one, answer))
    if len(answer.still_works) > len(shown):
        yield labelled("", f"and {len(answer.still_works) - len(shown):,} more; --all lists them")
    containment = command_line(shlex.join(("forensics", "tree", answer.subject.id, *answer.source)))
    yield with_prefix(containment, f"  {'contain':10}", " " * 12)


def counted_rows(answer: Key) -> Iterator[tuple[str, tuple[str | Span, ...]]]:
    """Return which calls the page counts, and the others, each with a label."""
    counted = answer.counted
    if answer.unreliable:
        yield "unproven", (*_others(answer.unreliable, ""), "; the records are in conflict or damaged, so not counted")
    if counted == CallFilter():
        return
    yield "counted", (("only calls ", "warn"), f"{counted_calls(counted)}; what still works is not filtered")
    if counted.leaked_at:
        yield "earlier", _others(answer.earlier, f"before the leak at {readable_time(counted.leaked_at)}: ")
    if answer.left_out:
        yield "left out", _others(answer.left_out, "")


def counted_calls(counted: CallFilter) -> str:
    """Return which calls a filter counts, to follow `calls`."""
    start = max(filter(None, (counted.since, counted.leaked_at)), default=None)
    parts = [f"from {', '.join(counted.addresses)} or by what was issued from there"] if counted.addresses else []
    parts += [f"at or after {readable_time(start)}"] if start else []
    parts += [f"before {readable_time(counted.until)}"] if counted.until else []
    return ", ".join(parts)


def _others(calls: OtherCalls | None, before: str) -> tuple[str | Span, ...]:
    if calls is None:
        return (f"{before}no call",)
    names = calls.addresses[:3]
    more = f" and {calls.addresses_total - len(names):,} more" if calls.addresses_total > len(names) else ""
    addresses = f" from {', '.join(names)}{more}" if names else ""
    when = time_span(calls.first_use, calls.last_use)
    cited = (f"  {calls.event_ids[0]}" if calls.event_ids else "", "dim")
    return (f"{before}{count(calls.events, 'call')}{addresses}, {when}", cited)


def _working(one: StillWorks, answer: Key) -> Iterator[str | Span]:
    if one.valid_at is None:
        yield "possibly ", "warn"
    yield f"{count(one.sessions, 'session')} of " if one.kind == NodeKind.SESSION else f"{NODES[one.kind]} "
    name = one.id or "without a logged ID"
    yield (short_name(name) if one.kind == NodeKind.SESSION else name), "bold"
    yield " (this key)" if one.id == answer.subject.id else f" of {one.owner_name}" if one.owner_name else ""
    yield f", account {one.account_id}" if one.account_id else ""
    if one.state not in (State.VALID, State.UNKNOWN):
        yield f"; {STATES[one.state][0]}, but possibly restored"
    elif one.kind == NodeKind.SESSION:
        yield f", until {readable_time(one.expires_at)}" if one.expires_at else ""
    if not one.certain:
        yield ", if it derives from this key", "warn"


def _finding(answer: Key, *, every: bool) -> Iterator[Line]:
    yield from _owner(answer)
    yield from _status(answer)
    yield from _validity(answer)
    if answer.in_logs:
        yield from (labelled(label, *text) for label, text in counted_rows(answer))
        yield from _used(answer)
        yield from _alarm(answer)
        yield from _derived(answer.children, every=every)


def _owner(answer: Key) -> Iterator[Line]:
    """Return the owner of a long-term key, or the requester of a temporary key."""
    owner = answer.owner
    if owner is None:
        yield from headline(answer.who)
        return
    yield labelled("owner", *described(owner))
    if not answer.in_logs:
        yield labelled("", ("according to IAM; the key is not found in the loaded logs", "warn"))
    name = "" if owner.kind == ActorKind.ROOT else owner.name
    for detail in (owner.id, owner.arn):
        if detail and detail not in (name, owner.account_id):
            yield labelled("", (detail, "dim"))


def _status(answer: Key) -> Iterator[Line]:
    """Return the status according to the logs, and according to IAM as of a time."""
    yield from _logged_status(answer)
    for one in answer.exports:
        if one.what == "status" and one.value and one.about == answer.subject.id:
            when = f" as of {readable_time(one.as_of)}" if one.as_of else ""
            label = "" if answer.in_logs else "status"
            weak = "; weak: matched by time alone" if one.grade == Grade.WEAK else ""
            style = KEY_STATUS_STYLES.get(one.value, "")
            yield labelled(label, (one.value.lower(), style), f" according to IAM{when}", (weak, "warn"))


def _logged_status(answer: Key) -> Iterator[Line]:
    if not is_long_term(answer.subject.id) or not answer.in_logs:
        return
    life = answer.lifecycle
    if life.service_name or life.expires_at:
        ends = "expired" if life.expired else "expires"
        expiry = f"; {ends} {readable_time(life.expires_at)}" if life.expires_at else "; no expiry is logged"
        yield labelled("for", f"{life.service_name or 'one service'} only{expiry}")
    if life.status is None:
        last = answer.activity.last_success
        worked = f"; its last successful call was at {readable_time(last)}" if last else ""
        yield labelled("status", f"no change is logged{worked}{_with_user(life)}")
        return
    since = f" since {readable_time(life.status_since)}" if life.status_since else ""
    yield labelled(
        "status", (life.status.lower(), KEY_STATUS_STYLES.get(life.status, "")), f"{since}{_with_user(life)}"
    )


def _with_user(life: Lifecycle) -> str:
    """Return that the key ended with its user; an empty text if it did not."""
    if life.state != State.DELETED or life.status == "Deleted":
        return ""
    return "; deleted with its user" if life.valid_at is False else "; deleted with its user, or restored since"


def _validity(answer: Key) -> Iterator[Line]:
    if answer.issued_at:
        until = f" to {readable_time(answer.expires_at)}" if answer.expires_at else "; expiry not logged"
        yield labelled("valid", f"{readable_time(answer.issued_at)}{until}")


def _used(answer: Key) -> Iterator[Line]:
    own, derived = answer.activity, answer.children.activity
    if not own.events and not derived.events:
        is_filtered = answer.counted != CallFilter()
        yield labelled("used", "by no counted call" if is_filtered or answer.unreliable else "never in the loaded logs")
        return
    first = min(filter(None, (own.first_use, derived.first_use)), default=None)
    last = max(filter(None, (own.last_use, derived.last_use)), default=None)
    calls = f"{count(own.events, 'call')}, {outcomes(own)}"
    if derived.events:
        calls = (
            f"{count(own.events, 'call')} by the key, {outcomes(own)}; {derived.events:,} derived, {outcomes(derived)}"
        )
    yield labelled("used", f"{time_span(first, last)}: {calls}")
    places = sources(own) if own.events else "no address"
    if derived.events:
        places += f"; derived: {sources(derived)}"
    yield labelled("from", places)


def _alarm(answer: Key) -> Iterator[Line]:
    """Return the number of sensitive calls of the key, and of everything derived from it."""
    own, derived = answer.activity.sensitive, answer.children.activity.sensitive
    if own or derived:
        done = [one for one in (*own, *derived) if one.succeeded]
        total = sum(one.succeeded + one.denied + one.failed for one in (*own, *derived))
        yield labelled("alert", (count(total, "sensitive call"), "bad" if done else "warn"), *_by_whom(own, derived))
        tactics = ", ".join(dict.fromkeys(TACTICS[one.tactic] for one in sorted(done, key=by_gravity)))
        if tactics:
            yield labelled("", tactics)
    for end in answer.lifecycle.used_after_end:
        if end.succeeded:
            text = f"{count(end.succeeded, 'call')} succeeded after it was {ended(end)}"
            yield labelled("", (text, end_style(end)))


def _by_whom(own: Sequence[Sensitive], derived: Sequence[Sensitive]) -> Iterator[str]:
    """Return the sensitive calls by the key and by derived credentials, with their outcomes."""
    groups = [(own, " by the key"), (derived, " derived")] if derived else [(own, "")]
    for place, (sensitive, by) in enumerate(groups):
        total = sum(one.succeeded + one.denied + one.failed for one in sensitive)
        done = sum(one.succeeded for one in sensitive)
        succeeded = "all" if done == total > 1 else f"{done:,}"
        result = "" if not total else f", {succeeded} succeeded" if done else ", all refused"
        yield f"{': ' if place == 0 and by else '; ' if by else ''}{f'{total:,}{by}' if by else ''}{result}"


def _derived(children: Children, *, every: bool) -> Iterator[Line]:
    if children.credentials:
        accounts = count(len(children.account_ids), "account")
        valid = f"{children.unexpired or 'none'} known to be valid at the end of the logs"
        yield labelled("derived", f"{count(children.credentials, 'credential')} in {accounts}, {valid}")
    if children.possible:
        yield labelled(
            "derived?", f"{count(children.possible, 'credential')} that may derive from this key or from another"
        )
    keys = _gravest_first(children.made_keys)
    shown = keys if every else keys[:_WORKS_SHOWN]
    for key in shown:
        owner = f" of {key.owner_name}" if key.owner_name else ""
        status = "".join(f", {word}" for word in _status_words(key))
        label = "created" if key.certain else "created?"
        yield labelled(label, f"{_kind(key)} ", (key.access_key_id, "bold"), f"{owner}{status}")
    if len(keys) > len(shown):
        yield labelled("", f"and {count(len(keys) - len(shown), 'more created key')}; --all lists them")


def _gravest_first(keys: Sequence[MadeKey]) -> list[MadeKey]:
    """Return the created keys that still work before the others, each in their order."""
    order = {True: 0, None: 1, False: 2}
    return sorted(keys, key=lambda one: order[one.valid_at])


def _status_words(key: MadeKey) -> Iterator[str]:
    """Yield the last logged status of a created key, and what the tree adds to it."""
    if key.status:
        yield key.status.lower()
    if key.state == State.EXPIRED or (key.state == State.DELETED and key.status != "Deleted"):
        yield str(key.state)
    elif key.state == State.VALID and key.status not in ("Active", None):
        yield "but still works"


def _children(children: Children, *, every: bool) -> Iterator[Line]:
    found = sorted(children.roles, key=lambda role: (not role.certain, role.depth, role.arn or ""))
    shown = found if every else found[:_SHOWN]
    for role in shown:
        yield from _role(role)
    if len(found) > len(shown):
        yield line((f"and {count(len(found) - len(shown), 'more role')}; --all lists them", "dim"))
    keys = _gravest_first(children.made_keys)
    few = keys if every else keys[:_SHOWN]
    for key in few:
        yield from _created(key)
    if len(keys) > len(few):
        yield line((f"and {count(len(keys) - len(few), 'more created key')}; --all lists them", "dim"))


def _role(role: Descendants) -> Iterator[Line]:
    hops = "directly" if role.depth == 1 else f"over {role.depth} hops"
    doubt = "" if role.certain else " POSSIBLY"
    yield line((role.arn or "a principal without ARN", "bold"), f"{doubt}  {role.account_id or ''}".rstrip())
    valid = f", {role.unexpired:,} still valid" if role.unexpired else ""
    issued = time_span(role.first_issued, role.last_issued)
    credentials, calls = count(role.credentials, "credential"), count(role.events, "call")
    yield line(f"{credentials} {hops}{valid}; issued {issued}; {calls}", indent=2)


def _created(key: MadeKey) -> Iterator[Line]:
    when = f" at {readable_time(key.created_at)}" if key.created_at else ""
    signed = f" with {key.by_access_key_id}" if key.by_access_key_id else ""
    used = f"; used {time_span(key.first_use, key.last_use)}" if key.first_use else "; never used"
    owner = f" of {key.owner_name}" if key.owner_name else ""
    account = f" in {key.account_id}" if key.account_id else ""
    doubt = "" if key.certain else " POSSIBLY"
    yield line(f"{_kind(key)} ", (key.access_key_id, "bold"), f"{doubt}{owner}{account}, created{when}{signed}{used}")
    if key.event_id:
        yield line((key.event_id, "dim"), indent=2)


def _kind(key: MadeKey) -> str:
    return "service-specific credential" if is_service_specific(key.access_key_id) else "long-term key"


def note_lines(answer: Key) -> Iterator[Line]:
    """Return what is unusual about the key, or missing from the logs."""
    decoded = answer.decoded_account_id
    if decoded and any(account != decoded for account in answer.account_ids):
        yield line(
            f"the key ID encodes account {decoded}, the records name {', '.join(answer.account_ids)}:"
            " the logs were rewritten or anonymized"
        )
    elif answer.in_logs and decoded is None:
        yield line("the key ID encodes no account: the key was created before 2019, or the ID is anonymized")
    if is_long_term(answer.subject.id) and answer.in_logs and not answer.lifecycle.created_at:
        yield line("the creation of the key is not logged")
    if answer.kind == KeyKind.LONG_TERM and answer.in_logs and not answer.quarantine.changes:
        yield line("no quarantine by AWS is logged")
    for flag in answer.flags:
        if flag not in ("rewritten_or_anonymised_logs", "used_after_end"):
            yield line(FLAGS.get(flag, flag.replace("_", " ")))
