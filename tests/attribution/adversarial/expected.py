"""The parts that scenarios are written with: the decorator that registers one, and the answers that it expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.attribution.records import Account, Json, User


@dataclass(frozen=True)
class Expected:
    """The expected answer about a subject. `more`: further facts, by the names that `test_adversarial.py` gives them.

    Without a `stop_reason` any will do: how a user came in is unknown without a key and a creation date.
    """

    subject: str
    kind: str
    id: str | None
    grade: str
    stop_reason: str | None
    more: dict[str, object] = field(default_factory=dict)


Scenario = Callable[[Account], Iterator[Expected]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(play: Scenario) -> Scenario:
    """Register a function that logs records into an account of its own and yields the answers they must lead to."""
    assert play.__name__ not in SCENARIOS
    SCENARIOS[play.__name__] = play
    return play


def is_user(
    subject: str | Json, user: User, grade: str, because: str | None = "long_term_key", **more: object
) -> Expected:
    return Expected(_subject(subject), "iam_user", user.id, grade, because, more)


def is_other(subject: str | Json, kind: str, id: str | None, grade: str, because: str, **more: object) -> Expected:
    return Expected(_subject(subject), kind, id, grade, because, more)


def is_ambiguous(subject: str | Json, **more: object) -> Expected:
    return Expected(_subject(subject), "unknown", None, "none", "ambiguous", {"ambiguous": True, **more})


def is_nobody(subject: str | Json, because: str | None = "outside_coverage", **more: object) -> Expected:
    return Expected(_subject(subject), "unknown", None, "none", because, {"ambiguous": False, **more})


def _subject(subject: str | Json) -> str:
    return subject if isinstance(subject, str) else str(subject["eventID"])
