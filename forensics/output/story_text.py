"""Story on screen: one line for each step in chronological order, with the events that prove it."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence

from forensics.answers.canonical import timestamp
from forensics.answers.core import ActorKind
from forensics.answers.story_answer import EarlierUse, Story, StoryActor, StoryStep, StorySubject, StorySubjectType
from forensics.identifiers import role_of_session
from forensics.output.lines import BLANK, Line, Span, command_line, line
from forensics.output.story_folds import Fold, begin_of_unusual, folded
from forensics.output.words import ACTOR_KINDS, count, first_few, readable_time, time_span

SHOWN = 40
"""Lines of a story by default, without those of its routine."""
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
    """Return a story.

    Args:
        shown: the number of lines to show, the most notable ones; the routine between them is folded. None: all steps,
            each with the command that lists its events.
    """
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
    lines = [Fold((step,)) for step in answer.steps] if shown is None else folded(answer.steps, shown)
    yield from _days(lines, answer if shown is None else None)
    yield from _left_out(answer, lines)


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


def _left_out(answer: Story, lines: Sequence[Fold]) -> Iterator[Line]:
    """Return which steps have no line of their own, and the commands that show them."""
    folds = [one for one in lines if len(one.steps) > 1]
    unlisted = answer.steps_total - len(answer.steps)
    if folds:
        yield BLANK
        steps, events = sum(len(one.steps) for one in folds), sum(one.events for one in folds)
        many = f"{count(steps, 'step')} with {count(events, 'event')}"
        yield line(
            (f"{many} in {count(len(folds), 'folded line')} of {count(len(lines), 'line')}; list them all:", "dim")
        )
        yield _command(answer, "--all")
        if start := begin_of_unusual(lines):
            yield line(("from the first unusual line on:", "dim"))
            yield _command(answer, "--since", timestamp(start))
    if unlisted > 0:
        before = answer.earlier.events if answer.earlier else 0
        events = answer.events - answer.undated - before - sum(step.events for step in answer.steps)
        yield BLANK
        many = f"{count(unlisted, 'less notable step')} with {count(events, 'event')}"
        yield line((f"and {many}; restrict the story with --since and --until to list them", "warn"))


def _command(answer: Story, *more: str) -> Line:
    """Return the command of the story with further options; --since replaces an earlier time."""
    options = list(answer.options)
    while "--since" in more and "--since" in options:
        place = options.index("--since")
        del options[place : place + 2]
    asked = answer.subject.arn or answer.subject.id
    return command_line(shlex.join(("forensics", "story", asked, *options, *more, *answer.source)), indent=2)


def _days(lines: Sequence[Fold], whole: Story | None) -> Iterator[Line]:
    """Return the lines under their dates. `whole`: the story, to show the command of each step."""
    day, before = "", None
    shared = _shared_ids(step for one in lines for step in one.steps)
    for fold in lines:
        date = readable_time(fold.first_event_time)[:10]
        if date != day:
            yield BLANK
            yield line((date, "bold"))
            day = date
        if fold.is_mixed:
            yield from _mixed(fold)
            continue
        step = fold.steps[0]
        yield from _step(step, before, shared) if len(fold.steps) == 1 else _like(fold, before, shared)
        if whole and step.events > 1:
            yield command_line(shlex.join((*step.command, *whole.source)), indent=_CLOCK + 2)
        before = before if step.is_by_service else step


def _mixed(fold: Fold) -> Iterator[Line]:
    """Return the line of a fold of several kinds."""
    names = Counter[str]()
    for step in fold.steps:
        for name in step.event_names:
            names[name] += step.events
    refused = sum(step.denied + step.failed for step in fold.steps)
    named = first_few([name for name, _ in names.most_common()], _NAMED)
    kind = "routine" if fold.is_routine else "repeated sensitive calls" if fold.is_repeated else "less notable"
    text = f"{kind}: {count(len(fold.steps), 'step')} with {count(fold.events, 'event')}: {named}"
    doubts = [f"{refused:,} refused"] if refused else []
    possible = sum(step.events for step in fold.steps if not step.certain)
    unproven = sum(step.events for step in fold.steps if step.unreliable)
    doubts += [f"{possible:,} possibly derived from another key or session"] if possible else []
    doubts += [f"{unproven:,} whose record proves nothing"] if unproven else []
    doubt = f"; {', '.join(doubts)}" if doubts else ""
    yield line((f"{_clock(fold)}{text}{doubt}", "dim"), indent=2, hang=_CLOCK + 2)


def _like(fold: Fold, before: StoryStep | None, shared: Container[str | None]) -> Iterator[Line]:
    """Return the line of a fold of like steps, the most notable targets first."""
    step, steps = fold.steps[0], fold.steps
    graded = sorted(steps, key=lambda one: -one.score)
    names = list(dict.fromkeys(name for one in steps for name in one.event_names))
    targets = list(dict.fromkeys(target for one in graded if (target := _target(one))))
    on = f" on {first_few(targets, _NAMED)}" if targets and not step.is_reading else ""
    error = f" ({step.error_code})" if step.error_code and not step.is_reading else ""
    text = f"called {first_few(names, _NAMED)}{on}, {fold.events:,} times{_refusal(fold)}{error}{_given(graded)}"
    style = "bold" if step.succeeded and not step.is_reading else "" if step.succeeded else "warn"
    addresses = list(dict.fromkeys(one.source_ip_address for one in steps if one.source_ip_address))
    new = sum(one.new_address for one in steps[1:])
    others = (
        f"; from {count(len(addresses), 'address', 'addresses')}, {new:,} of them new" if len(addresses) > 1 else ""
    )
    regions = sorted({region for one in steps[1:] for region in one.new_regions})
    others += f"; new in {first_few(regions, _NAMED)}" if regions else ""
    start = f"{_clock(fold)}{_signer(step, before, shared)}"
    source = _source(step, before)
    yield line(start, (text, style), source, (others, "warn" if new else ""), _doubt(step), indent=2, hang=_CLOCK + 2)
    yield _cited(step.event_ids, fold.events)


def _target(step: StoryStep) -> str | None:
    """Return what a call was on."""
    role = step.target_role_name or step.target_role_arn
    first = step.resources[0] if step.resources else None
    return first or step.target_user_name or role or step.target_access_key_id or step.launched


def _given(steps: Iterable[StoryStep]) -> str:
    """Return to whom the calls give access; an empty text if they were refused, or do not show it."""
    found = list(dict.fromkeys(one for step in steps if step.succeeded for one in step.grantees or ()))
    return f", access for {first_few(found, _NAMED)}" if found else ""


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


def _clock(step: StoryStep | Fold) -> str:
    first, last = (readable_time(moment) for moment in (step.first_event_time, step.last_event_time))
    if first == last:
        text = first[11:19]
    else:
        text = f"{first[11:19]} to {last[11:19] if first[:10] == last[:10] else last.removesuffix('Z')}"
    return f"{text}  ".ljust(_CLOCK)


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
        return f"called {named}{_times(step)}{_refusal(Fold((step,)))}"
    done = _described(step) if step.succeeded else None
    if done is None:
        more = f" and {step.resources_total - 1:,} more" if step.resources_total > 1 else ""
        on = f" on {step.resources[0]}{more}" if step.resources else ""
        done = f"called {step.event_names[0]}{on}"
    error = f" ({step.error_code})" if step.error_code else ""
    return f"{done}{_given([step])}{_times(step)}{_refusal(Fold((step,)))}{error}"


def _refusal(fold: Fold) -> str:
    """Return how the calls were refused; an empty text if they succeeded."""
    denied, failed = sum(step.denied for step in fold.steps), sum(step.failed for step in fold.steps)
    if denied and failed:
        return f", {denied:,} denied and {failed:,} failed"
    return ", denied" if denied else ", failed" if failed else ""


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
