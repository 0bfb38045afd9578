"""Validity: whether a credential or planting was valid at a time.

It is valid if it is issued, not expired, and not ended by a logged deactivation, deletion or revocation. If its expiry
is not logged, the default of STS is shown (docs/attribution.md#lifetimes), and the state is unknown from then until the
maximum lifetime has passed.

A call that succeeded after an end disproves the end. GetCallerIdentity does not disprove a revocation: it works even
under a policy that denies everything. If a later call can undo an end, the end is certain only if the hours since then
are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.tree_answer import LoggedEnd, NodeKind, State
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.node_facts import NodeFacts
from forensics.investigate.tree.revocations import End, Revocations


@dataclass(frozen=True, slots=True)
class Validity:
    """The state at a time, `valid_at` null if unknown. `ended`: an uncertain end; `doubt`: the flag that says why."""

    state: State
    valid_at: bool | None
    ended: LoggedEnd | None = None
    doubt: str | None = None


class Validities:
    """Decides validity at a time by the logged ends."""

    def __init__(self, revocations: Revocations, hours: LoadedHours, at: datetime) -> None:
        self._revocations = revocations
        self._hours = hours
        self._at = at

    def of(self, facts: NodeFacts) -> Validity:
        """Return the validity at the time: ended if one end is certain; otherwise valid or unknown."""
        if facts.issued_at and facts.issued_at > self._at:
            return Validity(State.NOT_YET, False)
        ends = list(self._ends(facts))
        disproved = [end for end in ends if _use_after(end, facts)]
        others = [end for end in ends if end not in disproved]
        certain = next((end for end in others if self._doubt(end, facts) is None), None)
        if certain:
            return Validity(certain.state, False)
        if disproved:
            end = disproved[0]
            ended = LoggedEnd(end.state, end.at, _use_after(end, facts))
            return Validity(State.VALID, True, ended, "used_after_end")
        if others:
            end = others[0]
            return Validity(end.state, None, LoggedEnd(end.state, end.at), self._doubt(end, facts))
        is_known = self._is_known_to_be_valid(facts)
        return Validity(State.VALID, True) if is_known else Validity(State.UNKNOWN, None)

    def _ends(self, facts: NodeFacts) -> Iterator[End]:
        yield from self._revocations.ends(facts)
        if facts.ends_by and facts.ends_by <= self._at:
            yield End(State.EXPIRED, facts.ends_by)

    def _doubt(self, end: End, facts: NodeFacts) -> str | None:
        """Return why an end is not certain."""
        if end.doubt or end.undoable is None:
            return end.doubt
        if facts.possible_success and facts.possible_success > end.at:
            return "possibly_undone"
        return None if self._hours.all_since(end.undoable, self._at) else "nothing_later_loaded"

    def _is_known_to_be_valid(self, facts: NodeFacts) -> bool:
        if facts.kind != NodeKind.SESSION:
            return True
        is_unexpired = facts.expires_at is not None and facts.expires_at > self._at
        return is_unexpired or (facts.last_use is not None and facts.last_use >= self._at)


def _use_after(end: End, facts: NodeFacts) -> datetime | None:
    """Return the last success if it was after an end. A policy ends only calls that need a permission."""
    last = facts.last_permitted if end.state == State.REVOKED else facts.last_success
    return last if last and last > end.at else None
