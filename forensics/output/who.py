"""Who, for a reader: who first, then the chain, then what the session claims, then what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from forensics.answers import (
    Actor,
    ActorKind,
    Agreement,
    Grade,
    Hop,
    Link,
    Missing,
    StopReason,
    Who,
    timestamp,
)
from forensics.output.terminal import join, text

_SESSIONS_SHOWN = 20
_GRADE_STYLES = {
    Grade.PROVEN: "green",
    Grade.STRONG: "green",
    Grade.MEDIUM: "yellow",
    Grade.WEAK: "yellow",
    Grade.NONE: "red",
}
_KINDS = {
    ActorKind.IAM_USER: "IAM user",
    ActorKind.ROOT: "root user of the account",
    ActorKind.IDENTITY_CENTER_USER: "Identity Center user",
    ActorKind.SAML_USER: "SAML user",
    ActorKind.WEB_IDENTITY_USER: "web identity",
    ActorKind.WORKLOAD: "workload",
    ActorKind.AWS_SERVICE: "AWS service",
    ActorKind.EXTERNAL_PRINCIPAL: "principal of another account",
    ActorKind.ANONYMOUS: "anonymous caller",
}
_STOPS = {
    StopReason.LONG_TERM_KEY: "the walk ends at a long-term key",
    StopReason.CONSOLE_SIGN_IN: "the walk ends at a console sign-in",
    StopReason.ROOT_USER: "the walk ends at the root user",
    StopReason.IDENTITY_CENTER_USER: "AWS names the Identity Center user",
    StopReason.SAML_SUBJECT: "the walk ends at the subject of a SAML assertion",
    StopReason.WEB_IDENTITY_SUBJECT: "the walk ends at the subject of a web identity token",
    StopReason.WORKLOAD: "AWS gave the credential to a workload; no user requested it",
    StopReason.AWS_SERVICE: "an AWS service acted by itself",
    StopReason.EXTERNAL_ACCOUNT: "the caller's own account is not loaded",
    StopReason.ANONYMOUS: "nothing signed the call",
    StopReason.AMBIGUOUS: "several could have requested it, and the logs do not tell which",
    StopReason.CYCLE: "the records lead in a circle",
    StopReason.NOT_FOUND: "it is in none of the loaded logs",
    StopReason.SEVERAL_ACTORS: "it stands for credentials of several actors",
    StopReason.NEVER_LOGGED: "AWS does not log how this kind is issued",
    StopReason.BEFORE_COVERAGE: "it was issued before the first loaded event",
    StopReason.OUTSIDE_COVERAGE: "the event that issued it is not in the loaded logs",
    StopReason.NOT_AN_IDENTIFIER: "it is no access key ID, event ID, session ARN or principal ID",
}
_RULES = {
    "issued_key": "the event issued this very key",
    "session_and_time": "same session, same second",
    "role_name_and_time": "same role, session name and second",
    "user_and_time": "same user, same second",
    "switch_from": "switched roles in the console",
    "forward_access": "a service used it for the user that the record names",
}
_WHY = {
    "account_not_loaded": "no log of this account is loaded",
    "region_not_loaded": "no log of this region is loaded",
    "before_first_event": "before the first loaded event of the account",
    "hour_empty": "no event of that hour is loaded",
    "hour_incomplete": "events of that hour are loaded, this one is not among them",
}
_FLAGS = {
    "rewritten_or_anonymised_logs": "the account inside the key is not the account in the record: rewritten or anonymised logs",
    "used_after_expiry": "used after it had expired (a call is logged when it completes)",
    "unreliable_events": "some of its events are in conflict or damaged; they prove nothing",
    "conflicting_source_identity": "its events carry more than one SourceIdentity",
    "names_nobody": "the event was signed by nothing, or its record is in conflict or damaged, and proves nothing",
}


def render_who(answer: Who) -> Iterator[RenderableType]:
    """The parts of an answer, top to bottom."""
    yield _subject(answer)
    yield Padding(_headline(answer), (0, 0, 0, 2))
    if answer.chain and not answer.sessions:
        yield Text("\nHow it was requested", style="bold")
        yield Padding(_chain(answer), (0, 0, 0, 2))
    if answer.candidates:
        yield Text("\nWho it may have been", style="bold")
        yield Padding(_candidates(answer), (0, 0, 0, 2))
    claims = _claims(answer)
    if claims.row_count:
        yield Text("\nWhat the session says of itself (chosen by its caller; no proof)", style="bold")
        yield Padding(claims, (0, 0, 0, 2))
    notes = [*_provenance(answer), *(text(_FLAGS.get(flag, flag)) for flag in answer.flags)]
    if notes:
        yield Text("\nWorth knowing", style="bold")
        yield from (Padding(note, (0, 0, 0, 2)) for note in notes)
    if answer.missing:
        yield Text("\nWhat to load to learn more", style="bold")
        yield Padding(_missing(answer.missing), (0, 0, 0, 2))
    if answer.sessions:
        yield Text(f"\nIts {len(answer.sessions)} credentials", style="bold")
        yield Padding(_sessions(answer.sessions), (0, 0, 0, 2))


def _subject(answer: Who) -> Text:
    subject = answer.subject
    kind = {"access_key": "access key", None: ""}.get(subject.type, str(subject.type or ""))
    account = f"  account {subject.account_id}" if subject.account_id else ""
    return join(text(subject.id, "bold"), f"  {kind}", account)


def _headline(answer: Who) -> Text:
    grade = Text(str(answer.grade), style=_GRADE_STYLES[answer.grade])
    stop = _STOPS[answer.stop_reason]
    if answer.actor.kind == ActorKind.UNKNOWN:
        return join(Text("not resolved", style="bold red"), f": {stop}")
    lines = [*_actor_lines(answer.actor), join(grade, f": {stop}")]
    if answer.origin_access_key_id:
        origin = (
            "itself the long-term key"
            if _is_its_own_origin(answer)
            else f"requested with the long-term key {answer.origin_access_key_id}"
        )
        sure = "" if answer.origin_grade == answer.grade else f" ({answer.origin_grade})"
        lines.append(text(f"{origin}{sure}"))
    for candidate in answer.origin_candidates:
        lines.append(text(f"the long-term key {candidate.access_key_id} fits by time ({candidate.grade}); not proven"))
    if answer.mfa_authenticated is not None:
        lines.append(text(f"MFA: {'yes' if answer.mfa_authenticated else 'no'}"))
    return Text("\n").join(lines)


def _is_its_own_origin(answer: Who) -> bool:
    return bool(answer.chain) and answer.chain[0].access_key_ids == (answer.origin_access_key_id,)


def _actor_lines(actor: Actor) -> list[Text]:
    kind = _KINDS[actor.kind]
    if actor.workload_type:
        kind = actor.workload_type.replace("_", " ").replace("ec2", "EC2").replace("lambda", "Lambda")
    name = actor.name or actor.id or "anonymous"
    account = f", account {actor.account_id}" if actor.account_id else ""
    lines = [join(text(name, "bold"), "  ", text(f"{kind}{account}"))]
    details = [
        actor.id if actor.id != name else None,
        actor.arn,
        actor.issuer,
        actor.provider,
        actor.identity_store_arn,
    ]
    told = [detail for detail in dict.fromkeys(details) if detail]
    return [*lines, *(text(detail, "dim") for detail in told)]


def _chain(answer: Who) -> Tree:
    """From the subject down to its origin; under each credential, what handed it out."""
    hops = answer.chain
    root = tree = Tree(_hop(hops[0]), guide_style="dim")
    for hop, following in zip(hops, [*hops[1:], None], strict=True):
        if hop.link is None:
            break
        tree = tree.add(_link(hop, hop.link))
        if following is not None:
            tree = tree.add(_hop(following))
        elif answer.actor.kind != ActorKind.UNKNOWN:
            tree.add(
                join(
                    text(answer.actor.name or answer.actor.id or "anonymous", "bold"), f"  {_KINDS[answer.actor.kind]}"
                )
            )
    return root


def _hop(hop: Hop) -> Text:
    keys = ", ".join(hop.access_key_ids) or "no key in the record"
    name = (hop.arn or "").rpartition(":")[2] or hop.principal_id or ""
    via = f"  via {', '.join(hop.via)}" if hop.via else ""
    return join(text(keys, "bold"), "  ", text(f"{name}  {hop.account_id or ''}{via}"))


def _link(hop: Hop, link: Link) -> Text:
    first = link.evidence[0] if link.evidence else None
    what = f"{timestamp(first.event_time)} {first.event_name}" if first and first.event_time else "issued"
    expires = f", expires {timestamp(hop.expires_at)}" if hop.expires_at else ""
    why = join(Text(str(link.grade), style=_GRADE_STYLES[link.grade]), f": {_RULES.get(link.rule, link.rule)}")
    events = Text("\n").join(
        text(f"event {event.event_id} in {event.recipient_account_id} {event.aws_region}", "dim")
        for event in link.evidence
    )
    return Text("\n").join([join(text(f"{what}{expires}  "), why), *([events] if link.evidence else [])])


def _candidates(answer: Who) -> Table:
    table = _grid("actor", "kind", "grade", "why", "event")
    for candidate in answer.candidates:
        actor = candidate.actor
        table.add_row(
            text(actor.name or actor.id or "unknown", "bold"),
            _KINDS.get(actor.kind, "unknown"),
            Text(str(candidate.grade), style=_GRADE_STYLES[candidate.grade]),
            _RULES.get(candidate.link.rule, candidate.link.rule),
            text(", ".join(candidate.link.event_ids)),
        )
    return table


def _claims(answer: Who) -> Table:
    table = _grid("claim", "value", "agreement", "")
    claims = answer.claims
    identity, name, behalf = claims.source_identity, claims.role_session_name, claims.on_behalf_of
    if identity.value:
        setter = (
            f"set by event {identity.set_by_event_id}"
            if identity.set_by_event_id
            else "set by an event that is not loaded"
        )
        table.add_row("SourceIdentity", text(identity.value), _agreement(identity.agreement), text(setter, "dim"))
    if name.value:
        table.add_row("session name", text(name.value), _agreement(name.agreement), "")
    if behalf.value:
        table.add_row(
            "on behalf of",
            text(behalf.value),
            _agreement(behalf.agreement),
            text(behalf.identity_store_arn or "", "dim"),
        )
    return table


def _agreement(agreement: Agreement) -> Text:
    said = {
        Agreement.AGREES: ("agrees with the actor", "green"),
        Agreement.DIFFERS: ("differs: another name than the actor's", "bold red"),
        Agreement.UNVERIFIABLE: ("cannot be checked", "yellow"),
        Agreement.ABSENT: ("", ""),
    }
    return Text(*said[agreement])


def _provenance(answer: Who) -> Iterable[Text]:
    for item in answer.provenance:
        who = item.actor.name or item.actor.id or "an actor who is not resolved"
        yield join(f"{item.relation.replace('_', ' ')} ", text(who, "bold"), text(f"  event {item.event_id}", "dim"))


def _missing(missing: Sequence[Missing]) -> Table:
    table = _grid("account", "region", "from", "to", "why")
    for item in missing:
        table.add_row(
            text(item.account_id or "unknown"),
            text(item.aws_region or "any"),
            timestamp(item.from_) if item.from_ else "",
            timestamp(item.to) if item.to else "",
            _WHY.get(item.why, item.why),
        )
    return table


def _sessions(sessions: Sequence[Who]) -> Table:
    table = _grid("access key", "issued", "actor", "grade", "session")
    for session in sessions[:_SESSIONS_SHOWN]:
        hop = session.chain[0] if session.chain else None
        table.add_row(
            text(", ".join(hop.access_key_ids) if hop else ""),
            timestamp(hop.issued_at) if hop and hop.issued_at else "",
            text(session.actor.name or session.actor.id or _STOPS[session.stop_reason]),
            Text(str(session.grade), style=_GRADE_STYLES[session.grade]),
            text((hop.arn or hop.principal_id or "").rpartition(":")[2] if hop else ""),
        )
    if len(sessions) > _SESSIONS_SHOWN:
        table.add_row(f"and {len(sessions) - _SESSIONS_SHOWN} more: --format json")
    return table


def _grid(*columns: str) -> Table:
    table = Table(box=None, show_header=True, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
