"""Key, for a reader: the finding first, then one part for each question of whoever holds a leaked key at night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from forensics.answers.core import ActorKind, Grade
from forensics.answers.key_answer import (
    Activity,
    Burst,
    Children,
    Descendants,
    Key,
    KeyChange,
    KeyKind,
    MadeKey,
    OtherKey,
    Sensitive,
    Used,
    UsedAddress,
    UsedAfterEnd,
    UsedAgent,
    UserChange,
)
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.lines import Line, Span, line, table
from forensics.output.who_text import (
    NOTHING_PROVEN,
    OPEN_WINDOWS,
    candidate_lines,
    chain_lines,
    claim_lines,
    described,
    digest_lines,
    event_line,
    headline,
    labelled,
    missing_lines,
    not_trusted_lines,
    open_window_lines,
    part,
)
from forensics.output.words import (
    ADDRESS_CLASSES,
    CLAIMS,
    FLAGS,
    KEY_CHANGES,
    KEY_KINDS,
    KEY_STATUS_STYLES,
    TACTICS,
    count,
    readable_time,
)

T = TypeVar("T", bound=Used)
_SHOWN = 10  # rows of a list; JSON has more
_NAMED = 6  # names in a row


def render_key(answer: Key) -> Iterator[Line]:
    """The parts of the page, top to bottom."""
    yield _subject(answer)
    yield from _finding(answer)
    yield from digest_lines(answer.who.digests)
    if not answer.in_logs:
        yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
        yield from part("What to load to learn more", missing_lines(answer.who.missing))
        yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))
        yield from part("Worth knowing", note_lines(answer))
        return
    activity = answer.activity
    yield from part("Calls that intruders are known for; administrators make them too", _sensitive(answer))
    yield from part("What befell the key", life_lines(answer))
    yield from part(EXPORTS_TITLE, exported_lines(answer.exports))
    yield from part("How else its owner gets in", owners_access_lines(answer))
    yield from part("Quarantine by AWS", quarantine_lines(answer))
    yield from part("How it was requested, from the key back to its origin", chain_lines(answer.who))
    yield from part("Who it may have been; the logs do not decide, so nobody is named", candidate_lines(answer.who))
    yield from part(NOTHING_PROVEN, not_trusted_lines(answer.who))
    yield from part(CLAIMS, claim_lines(answer.who))
    yield from part("What was requested with it, directly and further down", _children(answer.children))
    yield from part("Addresses", _addresses(answer))
    yield from part("Programs, as they call themselves", _agents(answer))
    yield from part("Regions", _places("region", activity.regions, activity.totals.regions))
    yield from part("Services", _services(answer))
    yield from part("What the calls were about", _resources(answer))
    yield from part("Worth knowing", note_lines(answer))
    yield from part("What to load to learn more", missing_lines(answer.who.missing))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.who.digests))


# the finding


def _subject(answer: Key) -> Line:
    subject = answer.subject
    account = f" of account {subject.account_id}" if subject.account_id else ""
    decoded = " (decoded)" if account and not answer.account_ids else ""
    return line((subject.id, "bold"), f"  {KEY_KINDS[answer.kind]}{account}{decoded}")


def _finding(answer: Key) -> Iterator[Line]:
    yield from _whose(answer)
    yield from _status(answer)
    yield from _validity(answer)
    if answer.in_logs:
        yield from _used(answer)
        yield from _alarm(answer)
        yield from _led_to(answer.children)


def _whose(answer: Key) -> Iterator[Line]:
    """A long-term key has an owner; a temporary one somebody who requested it."""
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
        f"{_span(activity.first_use, activity.last_use)}: {count(activity.events, 'call')}, {_outcomes(activity)}",
    )
    totals = activity.totals
    yield labelled(
        "from",
        f"{_plural(totals.addresses, 'address', 'addresses')}, {count(totals.user_agents, 'user agent')},"
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
            told = f"{count(end.succeeded, 'call')} succeeded after it was {_ended(end)}"
            yield labelled("", (told, _style(end)))


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


# its life


def life_lines(answer: Key) -> Iterator[Line]:
    for change in answer.lifecycle.changes:
        yield from _change(answer, change)
    for end in answer.lifecycle.used_after_end:
        yield from _after_end(end)


def _change(answer: Key, change: KeyChange) -> Iterator[Line]:
    what = KEY_CHANGES.get(change.change, change.change)
    which = "" if change.access_key_id else ", a key of the same user; the refusal does not say which"
    refused = "" if change.succeeded else f" REFUSED ({change.error_code or 'the record proves nothing'})"
    signed = f" with {change.by_access_key_id}" if change.by_access_key_id else ""
    style = "" if change.succeeded else "warn"
    yield line(
        f"{_at(change.event.event_time)}", (f"{what}{refused}", style), f"{which} by ", *described(change.actor), signed
    )
    yield event_line(change.event)
    if change.change == "created" and change.by_access_key_id and change.by_access_key_id == answer.subject.id:
        yield line("it made itself a successor", indent=2)


def _after_end(end: UsedAfterEnd) -> Iterator[Line]:
    yield line(
        (f"used after it was {_ended(end)}", _style(end)),
        f": {_span(end.first_use, end.last_use)}, {end.succeeded:,} succeeded, {end.refused:,} refused",
    )
    yield from _cited(end.event_ids[:2])


def _style(end: UsedAfterEnd) -> str:
    if not end.succeeded:
        return ""
    return "warn" if end.change == "switched_both_ways" else "bad"


def _ended(end: UsedAfterEnd) -> str:
    return f"{KEY_CHANGES.get(end.change, end.change)} at {readable_time(end.ended_at)}"


# its owner


def owners_access_lines(answer: Key) -> Iterator[Line]:
    access = answer.owners_access
    for key in access.keys:
        yield from _other_key(key)
    for change in access.password_changes:
        yield from _user_change(change)
    if access.sign_ins:
        span = _span(access.first_sign_in, access.last_sign_in)
        yield line(f"signed in to the console {count(access.sign_ins, 'time')}: {span}")
        yield from _cited(access.sign_in_event_ids)
    if answer.owner and (access.keys or access.password_changes or access.sign_ins):
        told: dict[bool | None, str | Span] = {
            True: ("has a console password", "warn"),
            False: "has no console password any more",
            None: "whether it has a console password is not in the logs",
        }
        yield line("the user ", told[access.console_password])


def _other_key(key: OtherKey) -> Iterator[Line]:
    status = key.status.lower() if key.status else "status not logged"
    made = f", made {readable_time(key.created_at)}" if key.created_at else ""
    used = f", used {_span(key.first_use, key.last_use)}" if key.events else ", never used"
    yield line("key ", (key.access_key_id, "bold"), f"  {status}{made}{used}")
    yield from _cited(filter(None, [key.event_id]))


def _cited(event_ids: Iterable[str]) -> Iterator[Line]:
    return (line((event_id, "dim"), indent=2) for event_id in event_ids)


def _user_change(change: UserChange) -> Iterator[Line]:
    refused = "" if change.succeeded else f" REFUSED ({change.error_code or 'the record proves nothing'})"
    policy = f" {change.policy}" if change.policy else ""
    signed = f" with {change.by_access_key_id}" if change.by_access_key_id else ""
    yield line(
        f"{_at(change.event.event_time)}{change.event_name}{policy}{refused} by ", *described(change.actor), signed
    )
    yield event_line(change.event)


def quarantine_lines(answer: Key) -> Iterator[Line]:
    for change in answer.quarantine.changes:
        yield from _user_change(change)
    if answer.quarantine.in_force is not None:
        yield line(("in force" if answer.quarantine.in_force else "taken off again", "warn"))


# what came of it


def _children(children: Children) -> Iterator[Line]:
    shown = sorted(children.roles, key=lambda role: (not role.certain, role.depth, role.arn or ""))
    for role in shown[:_SHOWN]:
        yield from _role(role)
    if len(shown) > _SHOWN:
        yield line((f"and {count(len(shown) - _SHOWN, 'more role')}; --format json has them all", "dim"))
    for made in children.made_keys:
        yield from _made(made)


def _role(role: Descendants) -> Iterator[Line]:
    hops = "directly" if role.depth == 1 else f"over {role.depth} hops"
    sure = "" if role.certain else " PERHAPS"
    yield line((role.arn or "a principal without ARN", "bold"), f"{sure}  {role.account_id or ''}".rstrip())
    valid = f", {role.unexpired:,} not expired" if role.unexpired else ""
    yield line(
        f"{count(role.credentials, 'credential')} {hops}{valid}; issued {_span(role.first_issued, role.last_issued)};"
        f" {count(role.events, 'call')}",
        indent=2,
    )


def _made(made: MadeKey) -> Iterator[Line]:
    when = f" at {readable_time(made.created_at)}" if made.created_at else ""
    signed = f" with {made.by_access_key_id}" if made.by_access_key_id else ""
    used = f"; used {_span(made.first_use, made.last_use)}" if made.first_use else "; never used"
    owner = f" of {made.owner_name}" if made.owner_name else ""
    account = f" in {made.account_id}" if made.account_id else ""
    yield line("long-term key ", (made.access_key_id, "bold"), f"{owner}{account}, made{when}{signed}{used}")
    if made.event_id:
        yield line((made.event_id, "dim"), indent=2)


# what it did


def _sensitive(answer: Key) -> Iterator[Line]:
    found = sorted(
        answer.activity.sensitive, key=lambda one: (not one.succeeded, _moment(one.first_use), one.event_name)
    )
    for one in found[: 2 * _SHOWN]:
        yield from _call(one)
    if len(found) > 2 * _SHOWN:
        yield _more(len(found) - 2 * _SHOWN, "action")
    bursts = answer.activity.discovery_bursts
    for burst in bursts[:_SHOWN]:
        yield from _burst(burst)
    yield from _rest(answer.activity.totals.discovery_bursts, "discovery burst")


def _call(one: Sensitive) -> Iterator[Line]:
    style = "bad" if one.succeeded else "warn"
    mfa = {True: ", with MFA", False: ", without MFA", None: ""}[one.mfa_authenticated]
    yield line((one.event_name, style), f"  {_outcomes(one)}{mfa}, {_span(one.first_use, one.last_use)}")
    yield line(f"{TACTICS[one.tactic]}: {one.technique} {one.technique_name}", indent=2)
    if one.resources:
        named = ", ".join(one.resources[:3])
        others = one.resources_total - len(one.resources[:3])
        is_of_objects = one.event_source == "s3.amazonaws.com" and others > 0
        more = f", {one.resources_total:,} objects" if is_of_objects else f" and {others:,} more" if others > 0 else ""
        yield line(f"on {named}{more}", indent=2)
    if one.event_ids:
        yield line((one.event_ids[0], "dim"), indent=2)


def _burst(burst: Burst) -> Iterator[Line]:
    where = f" from {burst.source_ip_address}" if burst.source_ip_address else ""
    span = _span(burst.first_use, burst.last_use)
    regions = count(len(burst.regions), "region")
    yield line(("looked around", "warn"), f"{where}: {_outcomes(burst)} in {regions}, {span}")
    yield line(f"{count(len(burst.event_names), 'different call')}: {_names(burst.event_names)}", indent=2)
    if burst.first_event_id:
        yield line((burst.first_event_id, "dim"), indent=2)


def _places(name: str, used: Sequence[Used], total: int) -> Iterator[Line]:
    """One row each, in the order in which they first came up."""
    if not used:
        return
    rows = [
        (one.value or "not logged", f"{one.succeeded:,}", _refused(one), _moment(one.first_use), _moment(one.last_use))
        for one in _busiest(used)
    ]
    yield from table((name, "ok", "refused", "first", "last"), rows, indent=0)
    yield from _rest(total, name)


def _addresses(answer: Key) -> Iterator[Line]:
    """As other places; and where they are, where a database was given that says so."""
    activity = answer.activity
    yield from _places("address", activity.addresses, activity.totals.addresses)
    if answer.address_databases:
        for address in _busiest(activity.addresses):
            yield line((address.value or "not logged", "bold"), f"  {place_of(address)}")
    for database in answer.address_databases:
        built = readable_time(database.built_at)
        yield line((f"where they are: {database.type}, {database.name}, built {built}", "dim"))


def place_of(address: UsedAddress) -> str:
    """City, country and network; of an address that is nowhere, what it is."""
    network = f"AS{address.as_number}" if address.as_number else ""
    known = [address.city, address.country, f"{network} {address.as_name or ''}".strip()]
    return ", ".join(part for part in known if part) or ADDRESS_CLASSES[address.class_]


def _agents(answer: Key) -> Iterator[Line]:
    """One entry a program, with the busiest of its user agents: some put a number of the run into theirs."""
    activity = answer.activity
    found = programs(activity.user_agents)
    for program in _busiest(list(found)):
        suspicious = "warn" if program.application and "Linux" in program.application else "bold"
        yield line(
            (program.application or "unknown program", suspicious),
            f"  {_outcomes(program)}, {_span(program.first_use, program.last_use)}",
        )
        further = found[program] - 1
        more = f" and {count(further, 'user agent')} more" if further else ""
        yield line((f"{program.value or 'not logged'}{more}", "dim"), indent=2)
    yield from _rest(len(found), "program")
    unlisted = activity.totals.user_agents - len(activity.user_agents)
    if unlisted > 0:
        yield line((f"without the {count(unlisted, 'user agent')} used least", "dim"))


def programs(agents: Sequence[UsedAgent]) -> dict[UsedAgent, int]:
    """The use of each program under the busiest of its user agents, and how many it has."""
    grouped: defaultdict[str, list[UsedAgent]] = defaultdict(list)
    for agent in sorted(agents, key=lambda one: (-one.events, one.value or "")):
        grouped[agent.application or f"\0{agent.value}"].append(agent)
    return {
        replace(
            group[0],
            succeeded=sum(one.succeeded for one in group),
            denied=sum(one.denied for one in group),
            failed=sum(one.failed for one in group),
            first_use=min((one.first_use for one in group if one.first_use), default=None),
            last_use=max((one.last_use for one in group if one.last_use), default=None),
        ): len(group)
        for group in grouped.values()
    }


def _services(answer: Key) -> Iterator[Line]:
    services = sorted(answer.activity.services, key=lambda one: (-one.events, one.value or ""))[: 2 * _SHOWN]
    if not services:
        return
    rows = [
        ((one.value or "").removesuffix(".amazonaws.com"), f"{one.succeeded:,}", _refused(one), _names(one.event_names))
        for one in services
    ]
    yield from table(("service", "ok", "refused", "calls"), rows, indent=0)
    if answer.activity.totals.services > len(services):
        yield _more(answer.activity.totals.services - len(services), "service")


def _resources(answer: Key) -> Iterator[Line]:
    activity = answer.activity
    for one in _busiest(activity.resources):
        objects = f", {count(one.objects, 'object')}" if one.objects else ""
        yield line((one.value or "", "bold"), f"  {_outcomes(one)}{objects}: {_names(one.event_names)}")
    yield from _rest(activity.totals.resources, "resource")


def note_lines(answer: Key) -> Iterator[Line]:
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


# words and numbers


def _busiest(found: Sequence[T]) -> list[T]:
    """The busiest few, in the order in which they first came up."""
    busiest = sorted(found, key=lambda one: (-one.events, one.value or ""))[:_SHOWN]
    return sorted(busiest, key=lambda one: (_moment(one.first_use), one.value or ""))


def _rest(total: int, noun: str) -> Iterable[Line]:
    return [_more(total - _SHOWN, noun)] if total > _SHOWN else []


def _more(number: int, noun: str) -> Line:
    plural = "addresses" if noun == "address" else f"{noun}s"
    return line((f"and {_plural(number, noun, plural)} more; --format json lists up to a hundred", "dim"))


def _plural(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _outcomes(used: Activity | Used | Sensitive | Burst) -> str:
    told = [(used.succeeded, "succeeded"), (used.denied, "denied"), (used.failed, "failed")]
    return ", ".join(f"{number:,} {word}" for number, word in told if number) or "none"


def _refused(used: Used) -> str | Span:
    number = used.denied + used.failed
    return (f"{number:,}", "warn") if number else "0"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _span(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "at a time that is not logged"
    return readable_time(first) if first == last else f"{readable_time(first)} to {readable_time(last)}"


def _moment(time: datetime | None) -> str:
    return readable_time(time) if time else ""


def _at(time: datetime | None) -> str:
    return f"{readable_time(time)}  " if time else ""
