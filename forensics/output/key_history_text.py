"""Key history on screen: changes to a key and its quarantine, and the other access of its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from forensics.output.evidence_text import event_line
from forensics.output.identity_text import described
from forensics.output.lines import Line, Span, line
from forensics.output.words import KEY_CHANGES, at_time, count, readable_time, time_span

if TYPE_CHECKING:  # `who` does without the answer of `key`
    from forensics.answers.key_answer import Key, OtherKey, UsedAfterEnd, UserChange
    from forensics.answers.who_answer import KeyChange, Who


def life_lines(answer: Key) -> Iterator[Line]:
    """Return the changes to the key, and its use after it was deactivated or deleted."""
    for change in answer.lifecycle.changes:
        yield from _change(answer, change)
    for end in answer.lifecycle.used_after_end:
        yield from _after_end(end)


def named_lines(who: Who, *, changes: bool) -> Iterator[Line]:
    """Return the events that name a key that signed no loaded call, with or without its status changes."""
    for change in who.named_by:
        if changes or change.change == "named":
            what = f"named in {change.event.event_name or 'an event'}" if change.change == "named" else change.change
            yield from _changed(change, KEY_CHANGES.get(what, what))
    if more := who.named_by_total - len(who.named_by):
        yield line((f"and {count(more, 'more event')} that name it", "dim"))


def _change(answer: Key, change: KeyChange) -> Iterator[Line]:
    what = KEY_CHANGES.get(change.change, change.change)
    which = "" if change.access_key_id else " on a key of the same user that the record does not name,"
    yield from _changed(change, what, which, "" if change.succeeded else "warn")
    if change.change == "created" and change.by_access_key_id and change.by_access_key_id == answer.subject.id:
        yield line("the key created its own successor", indent=2)


def _after_end(end: UsedAfterEnd) -> Iterator[Line]:
    yield line(
        (f"used after it was {ended(end)}", end_style(end)),
        f": {time_span(end.first_use, end.last_use)}, {end.succeeded:,} succeeded, {end.refused:,} refused",
    )
    yield from _cited(end.event_ids[:2])


def end_style(end: UsedAfterEnd) -> str:
    """Return the style of calls after the end of a key: none if all were refused."""
    if not end.succeeded:
        return ""
    return "warn" if end.change == "switched_both_ways" else "bad"


def ended(end: UsedAfterEnd) -> str:
    """Return how and when the key ended, such as `deleted at 2026-10-05 09:05:37Z`."""
    return f"{KEY_CHANGES.get(end.change, end.change)} at {readable_time(end.ended_at)}"


def owners_access_lines(answer: Key) -> Iterator[Line]:
    """Return the owner's other keys, password changes and console sign-ins."""
    access = answer.owners_access
    for key in access.keys:
        yield from _other_key(key)
    for change in access.password_changes:
        yield from _user_change(change)
    if access.sign_ins:
        when = time_span(access.first_sign_in, access.last_sign_in)
        yield line(f"{count(access.sign_ins, 'console sign-in')}: {when}")
        yield from _cited(access.sign_in_event_ids)
    if answer.owner and (access.keys or access.password_changes or access.sign_ins):
        password: dict[bool | None, str | Span] = {
            True: ("the user has a console password", "warn"),
            False: "the user no longer has a console password",
            None: "the logs do not show whether the user has a console password",
        }
        yield line(password[access.console_password])


def quarantine_lines(answer: Key) -> Iterator[Line]:
    """Return AWS's changes to its quarantine policy on the owner, and whether the quarantine is in force."""
    for change in answer.quarantine.changes:
        yield from _user_change(change)
    if answer.quarantine.in_force is not None:
        yield line(("in force" if answer.quarantine.in_force else "removed", "warn"))


def _other_key(key: OtherKey) -> Iterator[Line]:
    status = key.status.lower() if key.status else "status not logged"
    if key.expires_at and key.expired:
        status = f"expired {readable_time(key.expires_at)}"
    elif key.expires_at:
        status += f", expires {readable_time(key.expires_at)}"
    created = f", created {readable_time(key.created_at)}" if key.created_at else ""
    used = f", used {time_span(key.first_use, key.last_use)}" if key.events else ", never used"
    yield line("key ", (key.access_key_id, "bold"), f"  {status}{created}{used}")
    yield from _cited(filter(None, [key.event_id]))


def _cited(event_ids: Iterable[str]) -> Iterator[Line]:
    return (line((event_id, "dim"), indent=2) for event_id in event_ids)


def _user_change(change: UserChange) -> Iterator[Line]:
    policy = f" {change.policy}" if change.policy else ""
    yield from _changed(change, f"{change.event_name}{policy}")


def _changed(change: KeyChange | UserChange, what: str, which: str = "", style: str = "") -> Iterator[Line]:
    """Return the time, change and actor, then the event. `which`: the key, if the event does not name it."""
    refused = "" if change.succeeded else f" REFUSED ({change.error_code or 'unreliable record'})"
    signed = f" with {change.by_access_key_id}" if change.by_access_key_id else ""
    yield line(
        at_time(change.event.event_time), (f"{what}{refused}", style), f"{which} by ", *described(change.actor), signed
    )
    yield event_line(change.event)
