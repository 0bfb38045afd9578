"""Spelling: one product's way to write CloudTrail records, and the result that it allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.spellings.world import BLOCKS, Json

Write = Callable[[Sequence[Json]], bytes]


class Reach(Enum):
    """The best result that a form allows."""

    SAME = "every answer is that of the trail's own file"
    MEDIUM = "rebuilt from fields: an actor has at most the grade medium, or is a candidate"
    MIXED = "a record without a respelled block keeps its grade, and the others are rebuilt"
    LIMITED = "fields are lost: no wrong actor, and no key of the remaining identity fields is not found"
    REFUSED = "cannot be read: the file fails with a reason that names the next step"


@dataclass(frozen=True, slots=True)
class Spelling:
    """`why`: what is lost, or a pattern that the reason of a refusal matches. `keeps`: the blocks with access keys."""

    name: str
    file: str
    write: Write
    reach: Reach
    why: str
    keeps: tuple[str, ...]


SPELLINGS: dict[str, Spelling] = {}


def same(file: str) -> Callable[[Write], Write]:
    return _register(file, Reach.SAME)


def medium(file: str) -> Callable[[Write], Write]:
    return _register(file, Reach.MEDIUM)


def mixed(file: str) -> Callable[[Write], Write]:
    return _register(file, Reach.MIXED)


def limited(file: str, why: str, keeps: tuple[str, ...] = BLOCKS) -> Callable[[Write], Write]:
    return _register(file, Reach.LIMITED, why, keeps)


def refused(file: str, reason: str) -> Callable[[Write], Write]:
    return _register(file, Reach.REFUSED, reason)


def _register(file: str, reach: Reach, why: str = "", keeps: tuple[str, ...] = BLOCKS) -> Callable[[Write], Write]:
    def register(write: Write) -> Write:
        name = getattr(write, "__name__", "")
        assert name not in SPELLINGS
        SPELLINGS[name] = Spelling(name, file, write, reach, why, keeps)
        return write

    return register
