"""Crowd drafts: fold the leads of principals that cost their maker nothing into one lead of each crowd.

Anybody can call with any number of principals of an account, guests of an identity pool or subjects of a provider: one
lead for each would fill the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import starmap

from forensics.answers.triage_answer import Crowd, Reason, Signal
from forensics.investigate.triage.triage_drafts import Draft, merged_reason

_ON_THEIR_OWN = 2
"""The strongest leads of a crowd, which are not folded: one of its members may be somebody else."""


def with_crowds(found: Sequence[Draft], crowds: Mapping[str, Crowd]) -> list[Draft]:
    """Fold the leads of each crowd. `found`: the leads, the highest score first; `crowds`: the crowd of a story."""
    members: defaultdict[Crowd, list[Draft]] = defaultdict(list)
    for draft in found:
        if crowd := crowds.get(draft.stories[0]):
            members[crowd].append(draft)
    rest = {crowd: some[_ON_THEIR_OWN:] for crowd, some in members.items() if len(some) > _ON_THEIR_OWN + 1}
    folded = {draft.stories for some in rest.values() for draft in some}
    kept = [draft for draft in found if draft.stories not in folded]
    merged = [_merged(some, crowd) for crowd, some in rest.items()]
    return sorted([*kept, *merged], key=lambda draft: (-draft.score, draft.stories))


def _merged(some: Sequence[Draft], crowd: Crowd) -> Draft:
    of_signal: defaultdict[Signal, list[Reason]] = defaultdict(list)
    for draft in some:
        for reason in draft.reasons:
            of_signal[reason.signal].append(reason)
    return Draft(
        stories=tuple(story for draft in some for story in draft.stories),
        score=some[0].score,
        reasons=tuple(sorted(starmap(merged_reason, of_signal.items()), key=lambda one: (-one.score, one.signal))),
        spans=tuple(span for draft in some for span in draft.spans),
        crowd=crowd,
        members=len(some),
    )


def command_of(crowd: Crowd) -> tuple[str, ...]:
    """Return the command that lists the members of a crowd."""
    if crowd.role_arn:
        return ("forensics", "role", crowd.role_arn)
    return ("forensics", "events", "--account", crowd.account_id or "")
