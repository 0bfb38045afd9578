"""Signal weights: how much each signal counts, in the order of leads and of the sensitive calls of a key.

`WEIGHTS` is the only place that decides it. It was tuned on simulated months (`tests/triage_exam.py`), and
docs/triage.md explains it.
"""

from __future__ import annotations

from dataclasses import dataclass

from forensics.answers.triage_answer import Signal


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a signal counts. `floor`: the part of it that counts on a day that is otherwise like the others.

    `is_sensitive`: one kind of sensitive call, of which a day may have several.
    """

    weight: float
    floor: float = 1.0
    is_sensitive: bool = False


_USUAL, _EVEN_IF_USUAL = 0.25, 0.5

WEIGHTS = {
    # who calls, and from where
    Signal.WORKLOAD_ELSEWHERE: Weight(6),
    Signal.SESSION_MOVED: Weight(3),
    Signal.SOURCE_IDENTITY_CONFLICT: Weight(3),
    Signal.NEW_NETWORK: Weight(2.5),
    Signal.NEW_PROGRAM: Weight(2),
    Signal.ROOT_USE: Weight(2),
    Signal.SIGN_IN_WITHOUT_MFA: Weight(1.5),
    Signal.FIRST_SEEN: Weight(1.25),
    Signal.NEW_REGION: Weight(0.5, _USUAL),
    # how the story calls
    Signal.ENUMERATION: Weight(3, _USUAL),
    Signal.REFUSED_CALLS: Weight(2, _USUAL),
    Signal.NEW_CALLS: Weight(2, _USUAL),
    # what succeeded; administrators do it, too
    Signal.OUTSIDE_ACCOUNT: Weight(3.5, _EVEN_IF_USUAL, is_sensitive=True),
    Signal.PUBLIC_ACCESS: Weight(3.5, _EVEN_IF_USUAL, is_sensitive=True),
    Signal.EVASION: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.LARGE_INSTANCES: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.PRIVILEGE_ESCALATION: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.DATA_ACCESS: Weight(2, _EVEN_IF_USUAL, is_sensitive=True),
    Signal.DESTRUCTION: Weight(2, _USUAL, is_sensitive=True),
    Signal.EXECUTION: Weight(2, _USUAL, is_sensitive=True),
    Signal.PLANTED_ACCESS: Weight(2, _USUAL, is_sensitive=True),
    Signal.COST_ABUSE: Weight(1.5, _USUAL, is_sensitive=True),
    Signal.PERSISTENCE: Weight(1.5, _USUAL, is_sensitive=True),
    Signal.DISCOVERY: Weight(1, _USUAL, is_sensitive=True),
}
