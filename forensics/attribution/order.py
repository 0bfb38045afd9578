"""Order: runs the models one after another, on DuckDB in a case or on Spark in a data lake.

A model creates one complete table from other tables, and possibly from the table that it replaces. Before the first
model, these tables must exist: those of the lake (`events`, `event_copies`, `source_files`), `exported_principals` of
`exports`, and `credential_days`, which `build` updates for the days that changed. Tables in `SCRATCH` only serve other
models. A test compares this order with what each model reads.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Protocol

BEFORE_NAMES = ("telling_events", "caller_copies", "issuances", "issuance_events", "twins", "renamings")
BEFORE_WALK = (
    "identity_center_names",
    "credentials",
    "redacted_credentials",
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
    "named_keys",
    "not_trusted",
    "actors",
    "forward_access",
    "trail_changes",
    "trust_policies",
    "launches",
    "access_key_changes",
    "key_ends",
    "user_changes",
    "sensitive_actions",
    "sensitive_callers",
    "sessions",
    "access_keys",
    "plantings",
    "kept_trust",
    "evidence",
    "evidence_files",
    "revocations",
    "explained",
    "requested_descents",
    "session_descents",
    "named_requests",
    "named_descents",
    "forwarded_descents",
    "in_console",
    "token_descents",
    "planted_descents",
    "named_planted_descents",
    "trust_descents",
    "descents",
)
AFTER_DESCENTS = ("derived",)

# tables that only serve models, with the last reader of each: together they would fill the memory of a large case
SCRATCH = {
    "caller_copies": "twins",
    "renamings": "renamed_users",
    "renamed_users": "user_names",
    "named_users": "named_planted_descents",
    "identity_center_names": "actors",
    "candidates": "judged_links",
    "reached": "walk",
    "judged_links": "links",
    "chosen": "links",
    "contested": "links",
    "telling_events": "session_descents",
    "explained": "trust_descents",
    "requested_descents": "descents",
    "session_descents": "descents",
    "named_requests": "named_planted_descents",
    "named_descents": "descents",
    "forwarded_descents": "descents",
    "in_console": "planted_descents",
    "token_descents": "descents",
    "planted_descents": "descents",
    "named_planted_descents": "descents",
    "trust_descents": "descents",
    "derived_beyond_walk": "derived",
}

# Each pass doubles the reach of the walk: six cover 64 hops, and a cycle ends there.
_WALK_PASSES = 6
# Each pass follows one further renaming of a user.
_NAME_PASSES = 8
_NONE_CONTESTED = "select cast(null as varchar) as credential_id where 1 = 0"
_NO_RENAMED_USERS = """
select
    event_key, account_id, new_user_name, cast(null as varchar) as principal_id, event_time, is_rebuilt,
    false as is_certain
from renamings
where 1 = 0
"""


class Engine(Protocol):
    """The engine that runs the models: DuckDB for a case, Spark for a data lake."""

    def create(self, table: str, model: str) -> None:
        """Create or replace a table by a model."""

    def drop(self, table: str) -> None:
        """Drop a table of `SCRATCH` after its last reader."""

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""


def run(engine: Engine) -> None:
    """Create every table of attribution."""
    for name in BEFORE_NAMES:
        _make(engine, name)
    _name_users(engine)
    for name in BEFORE_WALK:
        _make(engine, name)
    _choose_and_walk(engine)
    for name in AFTER_WALK:
        _make(engine, name)
    _close(engine, "derived_beyond_walk", "hops_beyond_walk")
    for name in AFTER_DESCENTS:
        _make(engine, name)


@cache
def model(name: str) -> str:
    """Return the SQL of a model."""
    return (resources.files("forensics.attribution") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _make(engine: Engine, name: str) -> None:
    engine.create(name, model(name))
    for table, last_reader in SCRATCH.items():
        if last_reader == name:
            engine.drop(table)


def _name_users(engine: Engine) -> None:
    """Create the tables of user names; repeat with the users known to be renamed, until no further one is found."""
    engine.create("renamed_users", _NO_RENAMED_USERS)
    known = 0
    for _ in range(_NAME_PASSES):
        engine.create("user_names", model("user_names"))
        engine.create("named_users", model("named_users"))
        engine.create("renamed_users", model("renamed_users"))
        before, known = known, engine.count("renamed_users")
        if known == before:
            break
    engine.drop("renamings")
    engine.drop("renamed_users")


def _choose_and_walk(engine: Engine) -> None:
    """Choose a link for each credential and walk; repeat without `contested` links until no further one is found."""
    engine.create("contested", _NONE_CONTESTED)
    known = -1
    while (found := engine.count("contested")) != known:
        known = found
        engine.create("chosen", model("chosen"))
        _close(engine, "reached", "hops")
        for name in ("names", "contested"):
            engine.create(name, model(name))


def _close(engine: Engine, table: str, hops: str) -> None:
    """Create the transitive closure of hops as a table: join the table with itself until nothing is new."""
    engine.create(table, model(hops))
    known = engine.count(table)
    for _ in range(_WALK_PASSES):
        engine.create(table, model(table))
        before, known = known, engine.count(table)
        if known == before:
            return
