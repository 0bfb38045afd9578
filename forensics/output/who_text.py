"""Who on screen: the actor and the grade first, then the chain, the session's claims, and the missing logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from forensics.answers.core import Actor, ActorKind, Grade, StopReason
from forensics.answers.rows_answer import Rows
from forensics.answers.who_answer import Agreement, Claims, Hop, Link, Missing, SessionPolicy, Who
from forensics.output.chain_text import candidate_lines, chain_lines, grade_span, has_long_term_key, rule, stop
from forensics.output.evidence_text import (
    OPEN_WINDOWS,
    UNTRUSTED,
    digest_lines,
    not_trusted_lines,
    open_window_lines,
)
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.identity_text import described, details, kind_of, subject_line
from forensics.output.key_history_text import named_lines
from forensics.output.lines import BLANK, Line, and_more, labelled, line, part, with_prefix
from forensics.output.matches_text import match_lines
from forensics.output.words import (
    BASES,
    CANDIDATES,
    CLAIMS,
    FLAGS,
    MISSING,
    NAMED_BY,
    TAG_SOURCES,
    WHY_MISSING,
    count,
    readable_time,
)
from forensics.output.workload_text import WORKLOAD_TITLE, used_from_lines

_SESSIONS_SHOWN = 10
_TAGS_SHOWN = 10
_POLICY_SHOWN = 200  # characters; JSON has more
_GRADES = list(Grade)
_IN_HEADLINE = ("proves_nothing", "transient_subject")
_HAVE_MFA = (ActorKind.IAM_USER, ActorKind.ROOT)
_SHOWN_STOPS = (
    StopReason.CONSOLE_SIGN_IN,
    StopReason.WORKLOAD,
    StopReason.AWS_SERVICE,
    StopReason.EXTERNAL_ACCOUNT,
    StopReason.DELEGATED_ACCESS,
)


def render_who(answer: Who) -> Iterator[Line]:
    """Return who requested the subject, top to bottom."""
    yield subject_line(answer.subject, is_decoded=_is_unused(answer))
    if answer.asked not in (None, answer.subject.id):
        yield labelled("asked for", answer.asked or "")
    yield from headline(answer)
    yield from match_lines(answer.matches, answer.matches_total)
    if answer.stop_reason not in (StopReason.NOT_AN_IDENTIFIER, StopReason.SEVERAL_SUBJECTS):
        yield from digest_lines(answer.digests)
    yield from part("Chain of requests, from the subject back to its origin", chain_lines(answer))
    yield from part(CANDIDATES, candidate_lines(answer))
    yield from part(UNTRUSTED, not_trusted_lines(answer.not_trusted))
    yield from part(NAMED_BY, named_lines(answer, changes=True))
    yield from part(WORKLOAD_TITLE, used_from_lines(answer.workload))
    yield from part(CLAIMS, claim_lines(answer))
    yield from part(EXPORTS_TITLE, exported_lines(answer.exports, all_of_them=False))
    yield from part("Notes", _notes(answer))
    yield from part(MISSING, missing_lines(answer.missing))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))
    yield from part(f"{count(len(answer.sessions), 'credential')} of the subject", _sessions(answer))


def _is_unused(answer: Who) -> bool:
    """Return whether the subject is a key that signed no loaded event and that none reliably issued."""
    return answer.subject.type == "access_key" and not answer.chain and not answer.sessions


def render_requesters(answers: Sequence[Who]) -> Iterator[Line]:
    """Return the answers about several subjects, one below the other."""
    for number, answer in enumerate(answers):
        yield from (BLANK, BLANK) if number else ()
        yield from render_who(answer)


def requesters_rows(answers: Sequence[Who]) -> Rows:
    """Return one row per subject."""
    columns = (
        "subject",
        "account_id",
        "actor_kind",
        "actor_id",
        "actor_name",
        "grade",
        "stop_reason",
        "origin_access_key_id",
        "actor_arn",
        "actor_account_id",
        "hops",
        "event_ids",
        "asked",
        "matches",
    )
    rows = tuple(
        (
            answer.subject.id,
            answer.subject.account_id,
            str(answer.actor.kind),
            answer.actor.id,
            answer.actor.name,
            str(answer.grade),
            str(answer.stop_reason),
            answer.origin_access_key_id,
            answer.actor.arn,
            answer.actor.account_id,
            sum(hop.link is not None for hop in answer.chain),
            " ".join(event_id for hop in answer.chain if hop.link for event_id in hop.link.event_ids),
            answer.asked,
            answer.matches_total,
        )
        for answer in answers
    )
    return Rows(columns, rows, len(rows))


# who, and how sure


def headline(answer: Who) -> Iterator[Line]:
    """Return who requested the subject and how sure that is, or why nobody is named."""
    if answer.actor.kind == ActorKind.UNKNOWN:
        yield labelled("who", ("not resolved", "bad"), f": {stop(answer)}")
        yield from _caller(answer)
        if answer.key_owner and not answer.chain:
            yield labelled("owner", *described(answer.key_owner), ", according to IAM")
        return
    actor = answer.actor
    yield labelled("who", *described(actor))
    for detail in details(actor):
        yield labelled("", (detail, "dim"))
    yield labelled("how sure", grade_span(answer.grade), f": {basis(answer)}")
    if "transient_subject" in answer.flags:
        yield labelled("", (FLAGS["transient_subject"], "warn"))
    for client in dict.fromkeys(one for hop in answer.chain for one in hop.via if one.startswith("arn:")):
        yield labelled("through", ("an authorized agent or client: ", "warn"), client)
    if answer.stop_reason in _SHOWN_STOPS:
        yield labelled("ends at", stop(answer))
    yield from _origin(answer)
    if answer.mfa_authenticated is not None and actor.kind in _HAVE_MFA:
        yield labelled("MFA", "yes" if answer.mfa_authenticated else "no")


def _caller(answer: Who) -> Iterator[Line]:
    """Return the caller that the record names, unless the chain shows it."""
    caller = answer.caller
    if caller and not answer.chain and (name := caller.arn or caller.principal_id):
        yield labelled("called as", name)


def basis(answer: Who) -> str:
    """Return the basis of the grade: the weakest of the links between the subject and the actor."""
    if answer.sessions:
        grades = {session.grade for session in answer.sessions}
        many = count(len(answer.sessions), "credential")
        if len(grades) == 1:
            return f"each of {many}; all belong to this actor"
        return f"the lowest grade of {many}; all belong to this actor"
    if answer.actor.kind == ActorKind.ANONYMOUS:
        return "the call is unsigned"
    links = _links_to_actor(answer)
    if "never_signed" in answer.flags:
        return f"a logged change of the key names this {kind_of(answer.actor)} as its owner"
    if not links:
        return f"AWS's record of the call names this {kind_of(answer.actor)}"
    weakest = max(links, key=lambda link: _GRADES.index(link.grade))
    if weakest.rule != "issued_key":
        text = BASES.get(weakest.rule, rule(weakest))
        return text if len(links) == 1 else f"the weakest of {len(links)} hops: {text}"
    if len(links) == 1:
        return "a logged event issued this exact access key and names its requester"
    return f"for each of the {len(links)} hops, a logged event issued that exact access key and names its requester"


def _links_to_actor(answer: Who) -> list[Link]:
    """Return the links down to the first credential whose own records prove the actor."""
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
        yield labelled("origin", "the subject is itself the long-term key")
    elif key:
        sure = "" if answer.origin_grade in (None, answer.grade) else f", {answer.origin_grade}"
        yield labelled("origin", "long-term key ", (key, "bold"), f"{_hops_away(answer)}{sure}")
    if answer.key_owner and answer.key_owner != answer.actor:
        owner = answer.key_owner
        yield labelled("", "the key belongs to ", *described(owner))
    for candidate in answer.origin_candidates:
        yield labelled("origin?", f"long-term key {candidate.access_key_id}: {candidate.grade}, matched by time alone")


def _hops_away(answer: Who) -> str:
    return f", {count(len(answer.chain) - 1, 'hop')} away" if answer.chain else ""


# beside the answer


def claim_lines(answer: Who) -> Iterator[Line]:
    """Return the self-declared names of the session, and whether each matches the actor."""
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
    yield from _session_tags(answer.claims)
    yield from _session_policy(answer.claims.session_policy)


def _session_tags(claims: Claims) -> Iterator[Line]:
    for tag in claims.session_tags[:_TAGS_SHOWN]:
        transitive = ", transitive" if tag.is_transitive else ""
        yield line(
            "session tag".ljust(16),
            (f"{tag.key}={tag.value}", "bold"),
            f"  {TAG_SOURCES[tag.source]}{transitive}",
            hang=16,
        )
    if claims.session_tags_total > _TAGS_SHOWN:
        yield and_more(count(claims.session_tags_total - _TAGS_SHOWN, "session tag"))


def _session_policy(policy: SessionPolicy) -> Iterator[Line]:
    """Return the session policies, which AWS enforces. Only the start of a long document is shown."""
    document = policy.document or ""
    cut = "..." if len(document) > _POLICY_SHOWN else ""
    for text in (*policy.policy_arns, *([document[:_POLICY_SHOWN] + cut] if document else ())):
        yield line("session policy".ljust(16), (text, "bold"), "  limits the session; chosen by the requester", hang=16)


def _claim(claim: str, value: str, agreement: Agreement, enforced: bool | None) -> Line:
    comparison = {
        Agreement.AGREES: ("agrees with the actor", "good"),
        Agreement.DIFFERS: ("DIFFERS from the actor", "bad"),
        Agreement.UNVERIFIABLE: ("cannot be verified", "warn"),
        Agreement.ABSENT: ("", ""),
    }
    trust = {True: "; the trust policy required it", False: "; the trust policy did not require it", None: ""}
    return line(claim.ljust(16), (value, "bold"), "  ", comparison[agreement], trust[enforced], hang=16)


def _notes(answer: Who) -> Iterator[Line]:
    for item in answer.provenance:
        event = f"; event {item.event_id}" if item.event_id else ""
        thing = "the workload" if item.relation == "launched_by" else "the key"
        yield line(f"{thing} was {item.relation.replace('_', ' ')} ", *described(item.actor), event)
    for flag in answer.flags:
        if flag not in _IN_HEADLINE:
            yield line(FLAGS.get(flag, flag.replace("_", " ")))


def missing_lines(missing: Sequence[Missing]) -> Iterator[Line]:
    """Return one line per account, time and reason, with all regions that share them."""
    regions = defaultdict(list)
    for item in missing:
        group = (item.account_id, item.from_, item.to, item.why, item.event_source, item.event_id)
        regions[group].append(item.aws_region or "any region")
    for (account, start, end, why, source, event_id), names in regions.items():
        reason = WHY_MISSING.get(why, why.replace("_", " "))
        reason += f" (of {source}; enable them on a trail)" if source else ""
        reason += f" by event {event_id}" if event_id else ""
        yield line(
            ("account " + account if account else "an account that the records do not name", "bold"),
            f", {', '.join(names)}{_hours(start, end)}: {reason}",
        )


def _hours(start: datetime | None, end: datetime | None) -> str:
    if start and end:
        return f", {readable_time(start)} to {readable_time(end)}"
    if start:
        return f", from {readable_time(start)}"
    return f", before {readable_time(end)}" if end else ""


# a subject of several credentials


def _sessions(answer: Who) -> Iterator[Line]:
    """Return the credentials grouped by actor; the keys of one session share a line."""
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
    groups = defaultdict(list)
    for session in sessions:
        groups[_identity(session)].append(session)
    shown = list(groups.values())[:_SESSIONS_SHOWN]
    for group in shown:
        yield _session(group)
    if len(groups) > len(shown):
        yield and_more(count(len(groups) - len(shown), "more session"))


def _identity(credential: Who) -> tuple[object, ...]:
    """Return the same value for all credentials of one session: same principal, same start, same parent."""
    if not credential.chain:
        return (credential,)
    hop, *parents = credential.chain
    if hop.issued_at is None:
        return (hop,)
    parent = parents[0].access_key_ids if parents else hop.link.event_ids if hop.link else ()
    return (hop.principal_id, hop.account_id, hop.issued_at, parent)


def _session(credentials: Sequence[Who]) -> Line:
    """Return the start of a session, its key with the best grade, the number of other keys, and the lowest grade."""
    surest = min(credentials, key=lambda one: _GRADES.index(one.grade))
    least = max(credentials, key=lambda one: _GRADES.index(one.grade))
    hop = surest.chain[0] if surest.chain else None
    key = ", ".join(hop.access_key_ids) if hop and hop.access_key_ids else "no key in the record"
    others = f" and {count(len(credentials) - 1, 'more key')}" if len(credentials) > 1 else ""
    return line(f"{_since(hop).ljust(20)}  ", (key, "bold"), f"{others}  ", grade_span(least.grade), hang=22)


def _since(hop: Hop | None) -> str:
    if hop is None:
        return ""
    if hop.issued_at:
        return readable_time(hop.issued_at)
    return "long-term key" if has_long_term_key(hop) else ""
