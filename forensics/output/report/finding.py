"""Finding: what a report says first, in two plain sentences; the second half is for what was done.

A name stands here only where the answer has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from forensics.answers.core import ActorKind, Grade
from forensics.answers.key_answer import KeyKind
from forensics.answers.report_answer import Report
from forensics.answers.tree_answer import Relation
from forensics.answers.who_answer import Who
from forensics.output.branches import counted, may_be_used
from forensics.output.chain_text import stop
from forensics.output.identity_text import described
from forensics.output.lines import Span
from forensics.output.who_text import basis
from forensics.output.words import KEY_KINDS, TACTICS, count, readable_time

Sentence = tuple[str | Span, ...]


def finding(answer: Report) -> tuple[Sentence, Sentence]:
    """Who it is, how sure that is and by what evidence; and what was done."""
    return _who(answer), _done(answer)


def proof(answer: Report) -> tuple[str, ...]:
    """The events that the first sentence rests on; of a key whose own records name its user, the first of these."""
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
        return (*subject, " that is in none of the loaded logs; IAM says that it is of ", *described(key.owner), ".")
    if not key.in_logs:
        return (*subject, " that is in none of the loaded logs: nothing here says whose it is, or what it did.")
    if key.owner is not None and who.actor == key.owner:
        return (*subject, " of ", *described(key.owner), "; that is ", _sure(who.grade), f": {basis(who)}.")
    if who.actor.kind == ActorKind.UNKNOWN:
        owner: Sentence = (" of ", *described(key.owner)) if key.owner is not None else ()
        several = "; so nobody is named" if who.candidates else ""
        return (*subject, *owner, "; who requested it is ", ("not known", "bad"), f": {stop(who)}{several}.")
    given = " that AWS gave to " if who.actor.kind == ActorKind.WORKLOAD else " requested by "
    how = given if key.kind == KeyKind.TEMPORARY else ", and behind it is "
    return (*subject, how, *described(who.actor), "; that is ", _sure(who.grade), f": {basis(who)}", *_taken(who), ".")


def _taken(who: Who) -> Sentence:
    """Of a workload's credential, that somebody else had it too."""
    if who.workload is None or not who.workload.used_elsewhere:
        return ()
    return ("; but it was ", ("also used from elsewhere", "bad"), " while the workload used it")


def _sure(grade: Grade) -> Span:
    return (str(grade), "good" if grade in (Grade.PROVEN, Grade.STRONG) else "warn")


def _done(answer: Report) -> Sentence:
    activity, nodes = answer.activity, answer.tree.nodes
    if not activity.events:
        return ("No call of it is in the loaded logs.",)
    came = [
        node for node in nodes if node.certain and node.parent is not None and node.relation != Relation.FORWARD_ACCESS
    ]
    doers = f"It, and what came of it ({_listed(counted(came))})," if came else "It"
    span = _period(activity.first_use, activity.last_use)
    return (
        f"{doers} made {count(activity.events, 'call')} {span}, of which {activity.succeeded:,} succeeded;",
        *_sensitive(answer),
        *_left(answer),
        ".",
    )


def _sensitive(answer: Report) -> Sentence:
    done = [one for one in answer.activity.sensitive if one.succeeded]
    calls = sum(one.succeeded for one in done)
    if not done:
        return (" none that succeeded is of a kind that intruders are known for",)
    tactics = _listed(dict.fromkeys(TACTICS[one.tactic] for one in done))
    are = "is" if calls == 1 else "are"
    return (" ", (f"{calls:,}", "bad"), f" of these {are} of a kind that intruders are known for ({tactics})")


def _left(answer: Report) -> Sentence:
    """What is to be ended now."""
    if answer.tree.at is None:
        return ()
    working = [node for node in answer.tree.nodes if may_be_used(node)]
    at = readable_time(answer.tree.at)
    if not working:
        return (f", and nothing of it still worked at {at}",)
    itself = [] if all(node.parent is not None for node in working) else ["the key itself"]
    which = (*itself, *counted(node for node in working if node.parent is not None))
    return (", and ", (_listed(which), "bad"), f" may still be used at {at}, the end of the logs")


def _period(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "at times that are not logged"
    return f"from {readable_time(first)} to {readable_time(last)}" if first != last else f"at {readable_time(first)}"


def _listed(names: Iterable[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
