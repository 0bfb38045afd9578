"""Order: which model is run when, on anything that runs SQL: DuckDB in a case, Spark in a data lake.

A model makes one table, in full, of others, maybe of the table that it replaces. What must be there before are the
tables of the lake (`events`, `event_copies`, `source_files`), `exported_principals` of the room `exports`, and
`credential_days`, which `build` makes of the days that have changed. What is in `SCRATCH` only serves the models that
follow, and is dropped after the last of them.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Protocol

BEFORE_WALK = (
    "telling_events",
    "caller_copies",
    "issuances",
    "issuance_events",
    "twins",
    "user_names",
    "named_users",
    "credentials",
    "on_behalf_of",
    "principals",
    "coverage",
    "console_sessions",
    "candidates",
    "judged_links",
    "issuers",
)
AFTER_WALK = (
    "walk",
    "links",
    "actors",
    "forward_access",
    "trail_changes",
    "trust_policies",
    "launches",
    "access_key_changes",
    "key_ends",
    "user_changes",
    "sensitive_actions",
    "sessions",
    "access_keys",
    "plantings",
    "evidence",
    "evidence_files",
    "revocations",
    "requested_descents",
    "session_descents",
    "descents",
)

# which table only serves models, and the last that reads it: of a large case they would fill the memory together
SCRATCH = {
    "caller_copies": "twins",
    "user_names": "named_users",
    "named_users": "access_keys",
    "candidates": "judged_links",
    "reached": "walk",
    "judged_links": "links",
    "chosen": "links",
    "contested": "links",
    "telling_events": "session_descents",
    "requested_descents": "descents",
    "session_descents": "descents",
}

# Each pass doubles the reach of the walk: six cover 64 hops, and a cycle ends there.
_WALK_PASSES = 6
_NOBODY = "select cast(null as varchar) as credential_id where 1 = 0"


class Engine(Protocol):
    """What runs the models."""

    def create(self, table: str, model: str) -> None:
        """Make a table by a model, or make it again."""

    def drop(self, table: str) -> None:
        """Drop a table of `SCRATCH`, which nothing reads any more."""

    def count(self, table: str) -> int:
        """The number of its rows."""


def run(engine: Engine) -> None:
    """Every table of attribution."""
    for name in BEFORE_WALK:
        _make(engine, name)
    _choose_and_walk(engine)
    for name in AFTER_WALK:
        _make(engine, name)


@cache
def model(name: str) -> str:
    return (resources.files("forensics.attribution") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _make(engine: Engine, name: str) -> None:
    engine.create(name, model(name))
    for table, last_reader in SCRATCH.items():
        if last_reader == name:
            engine.drop(table)


def _choose_and_walk(engine: Engine) -> None:
    """Walk to who is named; while two parents that look like one lead to different people, take that link back."""
    engine.create("contested", _NOBODY)
    known = -1
    while (found := engine.count("contested")) != known:
        known = found
        engine.create("chosen", model("chosen"))
        _walk(engine)
        for name in ("names", "contested"):
            engine.create(name, model(name))


def _walk(engine: Engine) -> None:
    """Every ancestor of every credential: the hops joined with themselves until nothing is new."""
    engine.create("reached", model("hops"))
    known = engine.count("reached")
    for _ in range(_WALK_PASSES):
        engine.create("reached", model("reached"))
        before, known = known, engine.count("reached")
        if known == before:
            return
