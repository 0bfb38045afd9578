"""Who, for a reader: who first and how sure, then the chain, then what the session claims, then what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from forensics.answers.core import Actor, ActorKind, DigestCheck, DigestState, Evidence, Grade, StopReason
from forensics.answers.who_answer import Agreement, Hop, Link, Missing, Who
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.lines import BLANK, Line, Span, heading, line, with_prefix
from forensics.output.words import (
    ACTOR_KINDS,
    BASES,
    CLAIMS,
    DIGEST_STATES,
    DIGEST_STYLES,
    FLAGS,
    GRADE_STYLES,
    NOT_TRUSTED,
    RULES,
    STOPS,
    SUBJECT_TYPES,
    WHY_MISSING,
    WHY_NOT_TRUSTED,
    WHY_OPEN,
    WORKLOADS,
    count,
    readable_time,
)
from forensics.output.workload_text import WORKLOAD_TITLE, used_from_lines

NOTHING_PROVEN = "Records that prove nothing"
OPEN_WINDOWS = "Delivery times that digests do not verify"
_SESSIONS_SHOWN = 10
_WINDOWS_SHOWN = 10
_KEYS_SHOWN = 3
_LABEL = 10  # columns that the labels of the headline take
_GRADES = list(Grade)
_HAVE_MFA = (ActorKind.IAM_USER, ActorKind.ROOT)
_ENDS_WORTH_TELLING = (
    StopReason.CONSOLE_SIGN_IN,
    StopReason.WORKLOAD,
    StopReason.AWS_SERVICE,
    StopReason.EXTERNAL_ACCOUNT,
)


def render_who(answer: Who) -> Iterator[Line]:
    """The parts of an answer, top to bottom."""
    yield _subject(answer)
    yield from headline(answer)
    if answer.stop_reason != StopReason.NOT_AN_IDENTIFIER:
        yield from digest_lines(answer.digests)
    yield from part("How it was requested, from the subject back to its origin", chain_lines(answer))
    yield from part("Who it may have been; the logs do not decide, so nobody is named", candidate_lines(answer))
    yield from part(NOTHING_PROVEN, not_trusted_lines(answer))
    yield from part(WORKLOAD_TITLE, used_from_lines(answer.workload))
    yield from part(CLAIMS, claim_lines(answer))
    yield from part(EXPORTS_TITLE, exported_lines(answer.exports, all_of_them=False))
    yield from part("Worth knowing", _notes(answer))
    yield from part("What to load to learn more", missing_lines(answer.missing))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))
    yield from part(f"Its {count(len(answer.sessions), 'credential')}", _sessions(answer))


def part(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """A part under its title, or nothing where it would be empty."""
    content = list(lines)
    if content:
        yield from (BLANK, heading(title), *(with_prefix(one, "  ", "  ") for one in content))


# who, and how sure


def _subject(answer: Who) -> Line:
    subject = answer.subject
    kind = SUBJECT_TYPES[subject.type] if subject.type else ""
    account = f" of account {subject.account_id}" if subject.account_id else ""
    decoded = " (decoded)" if account and answer.stop_reason == StopReason.NOT_FOUND else ""
    return line((subject.id, "bold"), f"  {kind}{account}{decoded}")


def headline(answer: Who) -> Iterator[Line]:
    if answer.actor.kind == ActorKind.UNKNOWN:
        yield labelled("who", ("not resolved", "bad"), f": {stop(answer)}")
        yield from _caller(answer)
        if answer.key_owner and answer.stop_reason == StopReason.NOT_FOUND:
            yield labelled("owner", *described(answer.key_owner), ", says IAM")
        return
    actor = answer.actor
    yield labelled("who", *described(actor))
    for detail in _details(actor):
        yield labelled("", (detail, "dim"))
    yield labelled("how sure", grade_span(answer.grade), f": {basis(answer)}")
    for client in dict.fromkeys(one for hop in answer.chain for one in hop.via if one.startswith("arn:")):
        yield labelled("acted", ("an agent or client that was let in: ", "warn"), client)
    if answer.stop_reason in _ENDS_WORTH_TELLING:
        yield labelled("ends at", stop(answer))
    yield from _origin(answer)
    if answer.mfa_authenticated is not None and actor.kind in _HAVE_MFA:
        yield labelled("MFA", "yes" if answer.mfa_authenticated else "no")


def labelled(label: str, *parts: str | Span) -> Line:
    return line((label.ljust(_LABEL), "dim"), *parts, indent=2, hang=2 + _LABEL)


def stop(answer: Who) -> str:
    """Why the walk ended where it ended."""
    if answer.stop_reason == StopReason.NOT_TRUSTED:
        reasons = WHY_NOT_TRUSTED if answer.subject.type == "event" else NOT_TRUSTED
        return next((reasons[one.reason] for one in answer.not_trusted), STOPS[answer.stop_reason])
    if "proves_nothing" in answer.flags:
        return FLAGS["proves_nothing"]
    return STOPS[answer.stop_reason]


def _caller(answer: Who) -> Iterator[Line]:
    """Who called stands in the chain, if there is one."""
    caller = answer.caller
    if caller and not answer.chain and (name := caller.arn or caller.principal_id):
        yield labelled("called as", name)


def described(actor: Actor) -> tuple[str | Span, ...]:
    """Name, kind and account of an actor."""
    if actor.kind == ActorKind.UNKNOWN:
        return ("an actor who is not resolved",)
    kind = f", {_kind(actor)}" if _own_name(actor) else ""
    return ((_name(actor), "bold"), f"{kind}{_of_account(actor)}")


def _name(actor: Actor) -> str:
    if actor.kind in (ActorKind.ROOT, ActorKind.ANONYMOUS):
        return ACTOR_KINDS[actor.kind]
    return _own_name(actor) or f"unnamed {_kind(actor)}"


def _own_name(actor: Actor) -> str | None:
    return None if actor.kind in (ActorKind.ROOT, ActorKind.ANONYMOUS) else actor.name or actor.id


def _kind(actor: Actor) -> str:
    if actor.workload_type:
        return WORKLOADS.get(actor.workload_type, actor.workload_type.replace("_", " "))
    return ACTOR_KINDS[actor.kind]


def _of_account(actor: Actor) -> str:
    return f" of account {actor.account_id}" if actor.account_id else ""


def _details(actor: Actor) -> list[str]:
    """What tells this actor from another of the same name."""
    details = (actor.id, actor.arn, actor.issuer, actor.provider, actor.identity_store_arn)
    return [detail for detail in dict.fromkeys(details) if detail and detail not in (_name(actor), actor.account_id)]


def grade_span(grade: Grade) -> Span:
    return (str(grade), GRADE_STYLES[grade])


def basis(answer: Who) -> str:
    """What the grade rests on: the weakest of the links that were walked to reach the actor."""
    if answer.sessions:
        grades = {session.grade for session in answer.sessions}
        which = "each" if len(grades) == 1 else "the least sure"
        return f"{which} of {count(len(answer.sessions), 'credential')}, all of this one actor"
    if answer.actor.kind == ActorKind.ANONYMOUS:
        return "nothing signed the call"
    links = _walked(answer)
    if not links:
        return f"AWS's own record of the call names this {_kind(answer.actor)}"
    weakest = max(links, key=lambda link: _GRADES.index(link.grade))
    if weakest.rule != "issued_key":
        told = BASES.get(weakest.rule, rule(weakest))
        return told if len(links) == 1 else f"the weakest of {len(links)} hops: {told}"
    if len(links) == 1:
        return "a logged event handed out this very access key, and records for whom"
    return f"for each of the {len(links)} hops, a logged event handed out that very access key, and records for whom"


def _walked(answer: Who) -> list[Link]:
    """The links to the first credential whose own records name the actor, and prove it."""
    links = []
    for hop in answer.chain:
        if hop.link is None or (answer.grade == Grade.PROVEN and _names_itself(hop, answer.actor)):
            break
        links.append(hop.link)
    return links


def _names_itself(hop: Hop, actor: Actor) -> bool:
    if actor.kind == ActorKind.ROOT:
        return bool(hop.arn and hop.arn.endswith(":root"))
    return actor.kind == ActorKind.IAM_USER and bool(actor.arn) and hop.arn == actor.arn


def _origin(answer: Who) -> Iterator[Line]:
    key = answer.origin_access_key_id
    if key and answer.chain and answer.chain[0].access_key_ids == (key,):
        yield labelled("origin", "it is itself the long-term key")
    elif key:
        sure = "" if answer.origin_grade in (None, answer.grade) else f", {answer.origin_grade}"
        yield labelled("origin", "long-term key ", (key, "bold"), f"{_hops_away(answer)}{sure}")
    if answer.key_owner and answer.key_owner != answer.actor:
        owner = answer.key_owner
        yield labelled("", "the key belongs to ", *described(owner))
    for candidate in answer.origin_candidates:
        yield labelled("origin?", f"long-term key {candidate.access_key_id}: {candidate.grade}, it fits by time only")


def _hops_away(answer: Who) -> str:
    return f", {count(len(answer.chain) - 1, 'hop')} away" if answer.chain else ""


# the chain


def chain_lines(answer: Who) -> Iterator[Line]:
    """One level a credential: what it is, below it the events that handed it out, then who asked for it."""
    if answer.sessions or _is_told_by_the_headline(answer):
        return
    guide = first = ""
    for hop in answer.chain:
        yield with_prefix(_hop(hop), first, f"{guide}│   " if hop.link else f"{guide}    ")
        details = list(_handing_out(hop))
        yield from (with_prefix(detail, f"{guide}│  ", f"{guide}│  ") for detail in details)
        first = f"{guide}└─ "
        guide += "   "
    if answer.chain and not _ends_in_a_long_term_key(answer.chain[-1]):
        yield with_prefix(_end(answer), first, guide)


def _is_told_by_the_headline(answer: Who) -> bool:
    """A credential that nothing handed out, and whose actor is known."""
    only = answer.chain[0] if len(answer.chain) == 1 else None
    return bool(only and not only.link and not only.issued_at) and answer.actor.kind != ActorKind.UNKNOWN


def _ends_in_a_long_term_key(hop: Hop) -> bool:
    return hop.link is None and any(key.startswith("AKIA") for key in hop.access_key_ids)


def _hop(hop: Hop) -> Line:
    keys = ", ".join(hop.access_key_ids) or "no key in the record"
    name = (hop.arn or "").rpartition(":")[2] or hop.principal_id or ""
    said = f"  {name}" if name else ""
    account = f"  {hop.account_id}" if hop.account_id else ""
    return line((keys, "bold"), f"{said}{account}", hang=0)


def _handing_out(hop: Hop) -> Iterator[Line]:
    via = [service for service in hop.via if service != hop.principal_id]
    if via:
        yield line(f"used on its behalf by {', '.join(via)}")
    if hop.link is None:
        if hop.issued_at:
            yield line(f"session began {readable_time(hop.issued_at)}")
        return
    documented = (
        " (a record shape that is documented, but not known from real logs)" if hop.link.documented_only else ""
    )
    yield line(grade_span(hop.link.grade), f": {rule(hop.link)}{documented}")
    together = groupby(hop.link.evidence, key=lambda event: (event.event_time, event.event_name))
    for index, ((time, name), events) in enumerate(together):
        expires = f", expires {readable_time(hop.expires_at)}" if hop.expires_at and not index else ""
        yield line(f"{_when(time)}{name or 'event'}{expires}")
        yield from (event_line(event) for event in events)


def rule(link: Link) -> str:
    """Why a credential is believed to come from the next."""
    return RULES.get(link.rule, link.rule.replace("_", " "))


def _when(time: datetime | None) -> str:
    return f"{readable_time(time)}  " if time else ""


def event_line(event: Evidence) -> Line:
    where = " ".join(part for part in (event.recipient_account_id, event.aws_region) if part)
    told = (f"{event.event_id or 'an event without ID'}  {where}", "dim")
    return line(told, *_digest_status(event.digest_status), indent=2, hang=4)


def _digest_status(status: str | None) -> tuple[str | Span, ...]:
    """How far the file of an event is proven, where digests are loaded."""
    return ("  ", (status, DIGEST_STYLES[status])) if status else ()


def _end(answer: Who) -> Line:
    if answer.actor.kind != ActorKind.UNKNOWN:
        return line(*described(answer.actor), hang=0)
    return line(("?", "bad"), f"  {stop(answer)}", hang=0)


# beside the answer


def candidate_lines(answer: Who) -> Iterator[Line]:
    for candidate in answer.candidates:
        yield line(*described(candidate.actor))
        yield line(grade_span(candidate.grade), f": {rule(candidate.link)}", indent=2)
        for event in candidate.link.evidence:
            yield line(f"{_when(event.event_time)}{event.event_name or 'event'}", indent=2)
            yield with_prefix(event_line(event), "  ", "  ")


def not_trusted_lines(answer: Who) -> Iterator[Line]:
    """Records of an issuance that prove nothing, and why."""
    for one in answer.not_trusted:
        yield line(
            f"{_when(one.evidence.event_time)}{one.evidence.event_name or 'event'}: ", WHY_NOT_TRUSTED[one.reason]
        )
        yield event_line(one.evidence)
        yield from (line((name, "dim"), indent=2, hang=4) for name in one.evidence.source_files)


def digest_lines(digests: DigestCheck, labelled: Callable[..., Line] = labelled) -> Iterator[Line]:
    """Whether digests verify the files behind an answer, and which files the public keys are from."""
    if digests.state != DigestState.PROVEN:
        yield labelled("digests", (DIGEST_STATES[digests.state], "warn"))
        return
    for key in digests.public_keys[:_KEYS_SHOWN]:
        yield labelled(
            "digests", f"signed with key {key.fingerprint} from {key.source}; whether AWS made that key is not verified"
        )
    if len(digests.public_keys) > _KEYS_SHOWN:
        yield labelled("", f"and {count(len(digests.public_keys) - _KEYS_SHOWN, 'more key')}")


def open_window_lines(digests: DigestCheck) -> Iterator[Line]:
    """Delivery windows that digests do not verify, with the missing log files."""
    for window in digests.windows[:_WINDOWS_SHOWN]:
        yield line(
            (f"trail {window.trail}", "bold"),
            f", account {window.account_id}, {window.aws_region}, delivered {readable_time(window.from_)} to"
            f" {readable_time(window.to)}: ",
            (WHY_OPEN[window.why], "bad"),
        )
        yield from (line((name, "dim"), indent=2, hang=4) for name in window.missing[:_WINDOWS_SHOWN])
    if len(digests.windows) > _WINDOWS_SHOWN:
        yield line(
            (f"and {count(len(digests.windows) - _WINDOWS_SHOWN, 'more window')}; --format json has them", "dim")
        )


def claim_lines(answer: Who) -> Iterator[Line]:
    identity, name, behalf = (
        answer.claims.source_identity,
        answer.claims.role_session_name,
        answer.claims.on_behalf_of,
    )
    if identity.value:
        yield _claim("SourceIdentity", identity.value, identity.agreement, identity.enforced)
        setter = f"event {identity.set_by_event_id}" if identity.set_by_event_id else "an event that is not loaded"
        yield line((f"set by {setter}", "dim"), indent=16)
    if name.value:
        yield _claim("session name", name.value, name.agreement, name.enforced)
    if behalf.value:
        yield _claim("on behalf of", behalf.value, behalf.agreement, None)
        if behalf.identity_store_arn:
            yield line((behalf.identity_store_arn, "dim"), indent=16)


def _claim(claim: str, value: str, agreement: Agreement, enforced: bool | None) -> Line:
    said = {
        Agreement.AGREES: ("agrees with who it is", "good"),
        Agreement.DIFFERS: ("DIFFERS from who it is", "bad"),
        Agreement.UNVERIFIABLE: ("cannot be checked", "warn"),
        Agreement.ABSENT: ("", ""),
    }
    trust = {True: "; the trust policy required it", False: "; the trust policy did not require it", None: ""}
    return line(claim.ljust(16), (value, "bold"), "  ", said[agreement], trust[enforced], hang=16)


def _notes(answer: Who) -> Iterator[Line]:
    for item in answer.provenance:
        event = f"; event {item.event_id}" if item.event_id else ""
        made = "it" if item.relation == "launched_by" else "the key"
        yield line(f"{made} was {item.relation.replace('_', ' ')} ", *described(item.actor), event)
    for flag in answer.flags:
        if flag != "proves_nothing":
            yield line(FLAGS.get(flag, flag.replace("_", " ")))


def missing_lines(missing: Sequence[Missing]) -> Iterator[Line]:
    """One line for each account, time and reason; regions that share them stand together."""
    regions = defaultdict(list)
    for item in missing:
        alike = (item.account_id, item.from_, item.to, item.why, item.event_source, item.event_id)
        regions[alike].append(item.aws_region or "any region")
    for (account, start, end, why, source, event_id), names in regions.items():
        told = WHY_MISSING.get(why, why.replace("_", " "))
        told += f", those of {source}: enable them on a trail" if source else ""
        told += f" by event {event_id}" if event_id else ""
        yield line(
            ("account " + account if account else "an account that the records do not name", "bold"),
            f", {', '.join(names)}{_span(start, end)}: {told}",
        )


def _span(start: datetime | None, end: datetime | None) -> str:
    if start and end:
        return f", {readable_time(start)} to {readable_time(end)}"
    if start:
        return f", from {readable_time(start)}"
    return f", before {readable_time(end)}" if end else ""


# a subject of several credentials


def _sessions(answer: Who) -> Iterator[Line]:
    """Grouped by who is behind them; the keys of one session are one line."""
    by_actor = defaultdict(list)
    for session in answer.sessions:
        by_actor[session.actor, session.stop_reason].append(session)
    for (actor, _), sessions in by_actor.items():
        margin = ""
        if actor != answer.actor or actor.kind == ActorKind.UNKNOWN:
            yield _group(actor, sessions)
            margin = "  "
        yield from (with_prefix(one, margin, margin) for one in _session_lines(sessions))


def _group(actor: Actor, sessions: Sequence[Who]) -> Line:
    many = count(len(sessions), "credential")
    if actor.kind == ActorKind.UNKNOWN:
        return line(("not resolved", "bad"), f": {stop(sessions[0])}: {many}")
    return line(*described(actor), f": {many}")


def _session_lines(sessions: Sequence[Who]) -> Iterator[Line]:
    alike = defaultdict(list)
    for session in sessions:
        alike[_identity(session)].append(session)
    shown = list(alike.values())[:_SESSIONS_SHOWN]
    for together in shown:
        yield _session(together)
    if len(alike) > len(shown):
        yield line((f"and {count(len(alike) - len(shown), 'more session')}; --format json has them all", "dim"))


def _identity(credential: Who) -> tuple[object, ...]:
    """Equal for the credentials of one session: same principal, same start, same parent."""
    if not credential.chain:
        return (credential,)
    hop, *parents = credential.chain
    if hop.issued_at is None:
        return (hop,)
    parent = parents[0].access_key_ids if parents else hop.link.event_ids if hop.link else ()
    return (hop.principal_id, hop.account_id, hop.issued_at, parent)


def _session(together: Sequence[Who]) -> Line:
    """One session: since when, its surest key, how many more, and the least sure grade of them."""
    surest = min(together, key=lambda one: _GRADES.index(one.grade))
    least = max(together, key=lambda one: _GRADES.index(one.grade))
    hop = surest.chain[0] if surest.chain else None
    key = ", ".join(hop.access_key_ids) if hop and hop.access_key_ids else "no key in the record"
    others = f" and {count(len(together) - 1, 'more key')}" if len(together) > 1 else ""
    return line(f"{_since(hop).ljust(20)}  ", (key, "bold"), f"{others}  ", grade_span(least.grade), hang=22)


def _since(hop: Hop | None) -> str:
    if hop is None:
        return ""
    if hop.issued_at:
        return readable_time(hop.issued_at)
    return "long-term key" if _ends_in_a_long_term_key(hop) else ""
