"""Finding: the first two sentences of a report, on the requester and on the activity.

They contain a name only if the answer names an actor.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from forensics.answers.core import ActorKind, Grade
from forensics.answers.key_answer import CallFilter, KeyKind
from forensics.answers.report_answer import Report
from forensics.answers.tree_answer import Relation
from forensics.answers.who_answer import Who
from forensics.output.branches import counted, may_be_used
from forensics.output.chain_text import stop
from forensics.output.identity_text import described
from forensics.output.key_text import counted_calls
from forensics.output.lines import Span
from forensics.output.who_text import basis
from forensics.output.words import KEY_KINDS, TACTICS, count, readable_time

Sentence = tuple[str | Span, ...]


def finding(answer: Report) -> tuple[Sentence, Sentence]:
    """Return a sentence on the actor, the grade and its basis, and a sentence on the activity."""
    return _who(answer), _activity(answer)


def cited_events(answer: Report) -> tuple[str, ...]:
    """Return the IDs of the events that prove the first sentence; without an issuance, the first event of the key."""
    who = answer.key.who
    if who.actor.kind == ActorKind.UNKNOWN:
        return ()
    linked = tuple(dict.fromkeys(event_id for hop in who.chain if hop.link for event_id in hop.link.event_ids))
    own = (event.event_id for event in answer.events if answer.tree.nodes[event.node].parent is None and event.event_id)
    return linked or tuple(islice(own, 1))


def _who(answer: Report) -> Sentence:
    key, who = answer.key, answer.key.who
    subject: Sentence = ((key.subject.id, "key"), f" is a {KEY_KINDS[key.kind]}")
    if not key.in_logs and key.owner is not None:
        return (*subject, " not found in the loaded logs; according to IAM it belongs to ", *described(key.owner), ".")
    if not key.in_logs:
        return (*subject, " not found in the loaded logs: they show neither its owner nor its use.")
    if key.owner is not None and who.actor == key.owner:
        return (*subject, " of ", *described(key.owner), "; grade ", _grade(who.grade), f": {basis(who)}.")
    if who.actor.kind == ActorKind.UNKNOWN:
        owner: Sentence = (" of ", *described(key.owner)) if key.owner is not None else ()
        several = "; nobody is named" if who.candidates else ""
        return (*subject, *owner, "; its requester is ", ("unknown", "bad"), f": {stop(who)}{several}.")
    issued = " that AWS issued to " if who.actor.kind == ActorKind.WORKLOAD else " requested by "
    how = issued if key.kind == KeyKind.TEMPORARY else " used by "
    end = (f": {basis(who)}", *_used_elsewhere(who), ".")
    return (*subject, how, *described(who.actor), "; grade ", _grade(who.grade), *end)


def _used_elsewhere(who: Who) -> Sentence:
    """Return a clause on the use of a workload's credential outside its home; empty without such a use."""
    if who.workload is None or not who.workload.used_elsewhere:
        return ()
    return ("; but it was ", ("also used from elsewhere", "bad"), " while the workload used it")


def _grade(grade: Grade) -> Span:
    return (str(grade), "good" if grade in (Grade.PROVEN, Grade.STRONG) else "warn")


def _activity(answer: Report) -> Sentence:
    activity, nodes = answer.activity, answer.tree.nodes
    is_filtered = answer.key.counted != CallFilter()
    if not activity.events:
        none = "No call is counted" if is_filtered else "The loaded logs contain no call by it"
        return (none, *_still_usable(answer), ".")
    derived = [
        node for node in nodes if node.certain and node.parent is not None and node.relation != Relation.FORWARD_ACCESS
    ]
    callers = f"It and everything derived from it ({_joined(counted(derived))})" if derived else "It"
    span = _period(activity.first_use, activity.last_use)
    return (
        *((f"Counting only calls {counted_calls(answer.key.counted)}: ", "warn"),) * is_filtered,
        f"{callers} made {count(activity.events, 'call')} {span}, of which {activity.succeeded:,} succeeded;",
        *_sensitive(answer),
        *_still_usable(answer),
        ".",
    )


def _sensitive(answer: Report) -> Sentence:
    succeeded = [one for one in answer.activity.sensitive if one.succeeded]
    calls = sum(one.succeeded for one in succeeded)
    if not succeeded:
        return (" no sensitive call succeeded",)
    tactics = _joined(dict.fromkeys(TACTICS[one.tactic] for one in succeeded))
    are = "is" if calls == 1 else "are"
    return (" ", (f"{calls:,}", "bad"), f" of these {are} sensitive ({tactics})")


def _still_usable(answer: Report) -> Sentence:
    if answer.tree.at is None:
        return ()
    usable = [node for node in answer.tree.nodes if may_be_used(node)]
    at = readable_time(answer.tree.at)
    if not usable:
        return (f", and none of these credentials still worked at {at}",)
    itself = [] if all(node.parent is not None for node in usable) else ["the key itself"]
    which = (*itself, *counted(node for node in usable if node.parent is not None))
    return (", and ", (_joined(which), "bad"), f" may still be used at {at}, the end of the logs")


def _period(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "at times that are not logged"
    return f"from {readable_time(first)} to {readable_time(last)}" if first != last else f"at {readable_time(first)}"


def _joined(names: Iterable[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
