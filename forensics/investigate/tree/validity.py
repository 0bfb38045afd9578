"""Validity: whether a credential or planting was valid at a time.

It is valid if it is issued, not expired, and not ended by a logged deactivation, deletion or revocation. If its expiry
is not logged, the default of STS is shown (docs/attribution.md#lifetimes), and the state is unknown from then until the
maximum lifetime has passed. What succeeded after its end has not ended;
under a policy that denies everything, GetCallerIdentity still works. An end that a later call can undo counts if the
hours since then are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.tree_answer import LoggedEnd, NodeKind, State
from forensics.investigate.tree.life import Life
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.revocations import End, Revocations


@dataclass(frozen=True, slots=True)
class Validity:
    """The state at a time; `valid_at` is null if unknown. `ended`: a logged end with a `doubt`, which is a flag."""

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

    def of(self, life: Life) -> Validity:
        """Return the validity at the time: over by a certain end, or else by what puts its ends in doubt."""
        if life.issued_at and life.issued_at > self._at:
            return Validity(State.NOT_YET, False)
        ends = list(self._ends(life))
        standing = [end for end in ends if _use_after(end, life) is None]
        if over := next((end for end in standing if self._doubt(end, life) is None), None):
            return Validity(over.state, False)
        if contradicted := next((end for end in ends if end not in standing), None):
            ended = LoggedEnd(contradicted.state, contradicted.at, _use_after(contradicted, life))
            return Validity(State.VALID, True, ended, "used_after_end")
        if standing:
            end = standing[0]
            return Validity(end.state, None, LoggedEnd(end.state, end.at), self._doubt(end, life))
        is_known = self._is_known_to_be_valid(life)
        return Validity(State.VALID, True) if is_known else Validity(State.UNKNOWN, None)

    def _ends(self, life: Life) -> Iterator[End]:
        yield from self._revocations.ends(life)
        if life.ends_by and life.ends_by <= self._at:
            yield End(State.EXPIRED, life.ends_by)

    def _doubt(self, end: End, life: Life) -> str | None:
        """Return why an end is not certain."""
        if end.doubt or end.undoable is None:
            return end.doubt
        if life.possible_success and life.possible_success > end.at:
            return "possibly_undone"
        return None if self._hours.all_since(end.undoable, self._at) else "nothing_later_loaded"

    def _is_known_to_be_valid(self, life: Life) -> bool:
        if life.kind != NodeKind.SESSION:
            return True
        is_unexpired = life.expires_at is not None and life.expires_at > self._at
        return is_unexpired or (life.last_use is not None and life.last_use >= self._at)


def _use_after(end: End, life: Life) -> datetime | None:
    """Return the last success, if it disproves an end. A policy ends only calls that need a permission."""
    last = life.last_permitted if end.state == State.REVOKED else life.last_success
    return last if last and last > end.at else None
