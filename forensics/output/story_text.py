"""Story on screen: one line for each step in chronological order, with the events that prove it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence

from forensics.answers.core import ActorKind
from forensics.answers.story_answer import EarlierUse, Story, StoryActor, StoryStep, StorySubject, StorySubjectType
from forensics.identifiers import role_of_session
from forensics.output.lines import BLANK, Line, Span, line
from forensics.output.words import ACTOR_KINDS, count, first_few, readable_time, time_span

SHOWN = 80
"""Steps of a story that are shown by default."""
_NAMED = 4  # names in a line
_CLOCK = len("02:11:03 to 02:14:59  ")
_SUBJECTS = {
    StorySubjectType.ACCESS_KEY: "access key",
    StorySubjectType.SESSION: "session",
    StorySubjectType.ACTOR: "actor",
    StorySubjectType.ROLE: "role",
    StorySubjectType.ADDRESS: "address",
}
# what a call did; the fields are those of the step. A call without one of them is shown by its name
_ACTIONS = {
    "AssumeRole": "assumed {role}",
    "AssumeRoleWithSAML": "assumed {role}",
    "AssumeRoleWithWebIdentity": "assumed {role}",
    "SwitchRole": "switched to {role}",
    "GetSessionToken": "requested a session token",
    "GetFederationToken": "requested a federation token",
    "ConsoleLogin": "signed in to the console",
    "CreateUser": "created user {user}",
    "DeleteUser": "deleted user {user}",
    "UpdateUser": "renamed user {user} to {new_user}",
    "CreateAccessKey": "created access key {created} for {user}",
    "UpdateAccessKey": "set access key {key} to {status}",
    "DeleteAccessKey": "deleted access key {key}",
    "CreateLoginProfile": "created a password for {user}",
    "UpdateLoginProfile": "changed the password of {user}",
    "DeleteLoginProfile": "deleted the password of {user}",
    "AttachUserPolicy": "attached policy {policy} to user {user}",
    "PutUserPolicy": "put policy {policy} on user {user}",
    "DetachUserPolicy": "detached policy {policy} from user {user}",
    "CreateRole": "created role {role}",
    "AttachRolePolicy": "attached policy {policy} to role {role}",
    "PutRolePolicy": "put policy {policy} on role {role}",
    "UpdateAssumeRolePolicy": "changed the trust policy of role {role}",
    "StopLogging": "stopped the logging of {resource}",
    "DeleteTrail": "deleted the trail {resource}",
    "RunInstances": "launched {launched}",
    "GetSecretValue": "read the secret {resource}",
}


def render_story(answer: Story, *, shown: int | None = SHOWN) -> Iterator[Line]:
    """Return a story; `shown`: the number of its steps, or None for all."""
    subject = _subject(answer.subject)
    derived = "" if answer.subject.type == StorySubjectType.ADDRESS else " with everything derived from it"
    if not answer.events:
        none = f"none of {count(answer.events_total, 'event')} matches" if answer.events_total else "no loaded event"
        yield line((subject, "bold"), f"{derived}: {none}")
        if not answer.events_total and answer.subject.name:
            page = "role" if answer.subject.type == StorySubjectType.ROLE else "user"
            yield line((f"`forensics {page}` shows its changes in IAM", "dim"))
        return
    many = count(answer.events - answer.possible, "event")
    if answer.events < answer.events_total:
        many = f"{answer.events - answer.possible:,} of {count(answer.events_total, 'event')}"
    if answer.possible:
        derived += f" and {answer.possible:,} more possibly"
    when = time_span(answer.first_event_time, answer.last_event_time)
    yield line((subject, "bold"), f": {many}{derived}, {when}")
    yield from _actors(answer.actors)
    if answer.actors_total > len(answer.actors):
        yield line(f"and {count(answer.actors_total - len(answer.actors), 'more actor')}", indent=2)
    if answer.undated:
        yield line(f"without {count(answer.undated, 'event')} that have no readable time", indent=2)
    if answer.unreliable:
        proof = f"with {count(answer.unreliable, 'event')} whose record is in conflict or damaged and proves nothing"
        yield line((proof, "warn"), indent=2)
    yield from earlier_lines(answer)
    steps = answer.steps[:shown]
    yield from _days(steps)
    if answer.steps_total > len(steps):
        yield BLANK
        more = count(answer.steps_total - len(steps), "later step")
        how = "--all lists them" if len(answer.steps) > len(steps) else "restrict the story with --since and --until"
        yield line((f"and {more}; {how}", "dim"))


def render_whole_story(answer: Story) -> Iterator[Line]:
    """Return a story with all of its steps."""
    return render_story(answer, shown=None)


def story_rows(answer: Story) -> Iterator[tuple[tuple[str | Span, ...], StoryStep]]:
    """Return what was done in each step, and the step, for a table."""
    before = None
    shared = _shared_ids(answer.steps)
    for step in answer.steps:
        yield (_signer(step, before, shared), _styled_action(step), _source(step, before), _doubt(step)), step
        before = before if step.is_by_service else step


def earlier_lines(answer: Story) -> Iterator[Line]:
    """Return a line on the calls before the leak."""
    if answer.earlier and answer.leaked_at:
        yield from _earlier(answer.earlier, readable_time(answer.leaked_at))


def _subject(subject: StorySubject) -> str:
    name = subject.arn or subject.name or subject.id
    id_ = f" ({subject.id})" if subject.id != name else ""
    return f"{_SUBJECTS[subject.type]} {name}{id_}{f' of {subject.issuer}' if subject.issuer else ''}"


def _actors(actors: Sequence[StoryActor]) -> Iterator[Line]:
    for actor in actors:
        yield line(f"{count(actor.events, 'event')} by {_who(actor)}", (f"  {actor.grade}", "dim"), indent=2)


def _who(actor: StoryActor) -> str:
    if actor.kind == ActorKind.UNKNOWN:
        return "unresolved actors"
    # the names of these two show their kind
    kind = "" if actor.kind in (ActorKind.ROOT, ActorKind.ANONYMOUS) else f"{ACTOR_KINDS[actor.kind]} "
    issuer = f" of {actor.issuer}" if actor.issuer else ""
    return f"{kind}{actor.name or actor.id or 'without a name'}{issuer}"


def _earlier(earlier: EarlierUse, leaked_at: str) -> Iterator[Line]:
    yield BLANK
    when = time_span(earlier.first_event_time, earlier.last_event_time)
    calls = f"{count(earlier.events, 'call')} of {count(earlier.event_names, 'kind')}"
    yield line(
        ("before the leak", "bold"), f" at {leaked_at}: {calls} from {first_few(earlier.addresses, _NAMED)}, {when}"
    )
    yield _cited(earlier.event_ids, earlier.events)


def _days(steps: Sequence[StoryStep]) -> Iterator[Line]:
    day, before = "", None
    shared = _shared_ids(steps)
    for step in steps:
        date = readable_time(step.first_event_time)[:10]
        if date != day:
            yield BLANK
            yield line((date, "bold"))
            day = date
        yield from _step(step, before, shared)
        before = before if step.is_by_service else step


def _shared_ids(steps: Iterable[StoryStep]) -> frozenset[str | None]:
    """Return the IDs that several identity providers assigned."""
    issuers = defaultdict(set)
    for step in steps:
        issuers[step.actor_id].add(step.actor_issuer)
    return frozenset(id_ for id_, found in issuers.items() if len(found) > 1)


def _step(step: StoryStep, before: StoryStep | None, shared: Container[str | None]) -> Iterator[Line]:
    text = (f"{_clock(step)}{_signer(step, before, shared)}", _styled_action(step), _source(step, before), _doubt(step))
    yield line(*text, indent=2, hang=_CLOCK + 2)
    yield _cited(step.event_ids, step.events)


def _styled_action(step: StoryStep) -> Span:
    is_bad = step.new_address or (step.succeeded > 0 and not step.is_reading)
    return _action(step), "bold" if is_bad else "" if step.succeeded else "warn"


def _clock(step: StoryStep) -> str:
    first, last = (readable_time(moment) for moment in (step.first_event_time, step.last_event_time))
    if first == last:
        text = first[11:19]
    else:
        text = f"{first[11:19]} to {last[11:19] if first[:10] == last[:10] else last.removesuffix('Z')}"
    return f"{text:<{_CLOCK}}"


def _signer(step: StoryStep, before: StoryStep | None, shared: Container[str | None]) -> str:
    """Return who signed the calls, with the key if it is another one than before."""
    name = _name(step, shared)
    if step.is_by_service:
        return f"AWS services for {name} "
    if (
        before
        and not before.is_by_service
        and (before.access_key_id, _name(before, shared)) == (step.access_key_id, name)
    ):
        return f"{name} "
    return f"{name} ({step.access_key_id}) " if step.access_key_id and step.access_key_id != name else f"{name} "


def _name(step: StoryStep, shared: Container[str | None]) -> str:
    """Return the actor, and the role of its session. The caller chose the name of the session, so it names nobody."""
    actor = step.actor_name or step.actor_id
    if actor and step.actor_issuer and step.actor_id in shared:
        actor = f"{actor} of {step.actor_issuer}"
    role = role_of_session(step.arn)
    if not role:
        return actor or step.access_key_id or "an unknown caller"
    return f"{actor} as {role}" if actor else f"a session of {role}"


def _action(step: StoryStep) -> str:
    if step.is_reading:
        others = step.event_names_total - _NAMED
        named = ", ".join(step.event_names[:_NAMED]) + (f" and {others:,} more" if others > 0 else "")
        return f"called {named}{_times(step)}{_refusal(step)}"
    done = _described(step) if step.succeeded else None
    if done is None:
        more = f" and {step.resources_total - 1:,} more" if step.resources_total > 1 else ""
        on = f" on {step.resources[0]}{more}" if step.resources else ""
        done = f"called {step.event_names[0]}{on}"
    error = f" ({step.error_code})" if step.error_code else ""
    return f"{done}{_times(step)}{_refusal(step)}{error}"


def _refusal(step: StoryStep) -> str:
    """Return how the calls of a step were refused; an empty text if they succeeded."""
    if step.denied and step.failed:
        return f", {step.denied:,} denied and {step.failed:,} failed"
    return ", denied" if step.denied else ", failed" if step.failed else ""


def _described(step: StoryStep) -> str | None:
    template = _ACTIONS.get(step.event_names[0])
    role = step.target_role_name or step.target_role_arn
    fields = {
        "role": _role(role) if role else None,
        "user": step.target_user_name,
        "new_user": step.new_user_name,
        "created": step.created_access_key_id,
        "key": step.target_access_key_id,
        "status": step.target_status,
        "policy": step.target_policy,
        "launched": step.launched,
        "resource": step.resources[0] if len(step.resources) == 1 else None,
    }
    known = {name: value for name, value in fields.items() if value}
    try:
        return template.format(**known) if template else None
    except KeyError:
        return None


def _role(role: str) -> str:
    """Return `deployer (704560302692)` for the ARN of a role."""
    name, account = role.rpartition("/")[2], role.split(":")[4] if role.count(":") >= 5 else None
    return f"{name} ({account})" if account else name


def _times(step: StoryStep) -> str:
    return f", {step.events:,} times" if step.events > 1 else ""


def _source(step: StoryStep, before: StoryStep | None) -> Span | str:
    """Return the address and program if they differ from those before, and new regions."""
    parts = []
    if step.is_by_service:
        return ""
    if step.source_ip_address and (
        step.new_address or not before or before.source_ip_address != step.source_ip_address
    ):
        parts.append(f"from {'the new address ' if step.new_address else ''}{step.source_ip_address}")
    if step.application and (step.new_application or not before or before.application != step.application):
        parts.append(f"with {'the new program ' if step.new_application else ''}{step.application}")
    text = f" {' '.join(parts)}" if parts else ""
    if step.new_regions:
        text += f"; new region{'s' if len(step.new_regions) > 1 else ''} {first_few(step.new_regions, _NAMED)}"
    return (text, "warn") if step.new_address or step.new_application or step.new_regions else text


def _doubt(step: StoryStep) -> Span:
    if step.unreliable:
        return "; the record proves nothing", "warn"
    return "" if step.certain else "; possibly derived from another key or session", "warn"


def _cited(event_ids: Sequence[str], events: int) -> Line:
    more = f" and {events - 1:,} more" if events > 1 else ""
    return line((f"{event_ids[0] if event_ids else 'no event ID logged'}{more}", "dim"), indent=_CLOCK + 2)
