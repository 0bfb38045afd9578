"""Run every query of the room against a case: its columns are the fields of its type."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

import forensics.investigate
from forensics.attribution.database import connect
from forensics.investigate.key.activity import uses_of
from forensics.investigate.pivot.pivot_page import calls_of
from forensics.investigate.signal_weights import WEIGHTS
from forensics.investigate.sql_rows import Row, pairs, rows, run, values
from forensics.investigate.story.story_page import story_tables
from forensics.investigate.story.story_subjects import SubjectEvents
from forensics.investigate.triage.triage_signals import SIGNALS, TABLES, signals_of
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout
from tests.attribution.records import Account, call
from tests.cases import case_of_records
from tests.conftest import SAMPLE_LOGS
from tests.simulator.sample import DEEP_KEY

ROOM = Path(forensics.investigate.__file__).parent
QUERIES = {path.relative_to(ROOM).with_suffix("").as_posix() for path in ROOM.rglob("*.sql")}
STATEMENTS = {
    "call_facts",
    "key/counted_uses",
    "key/uses",
    *(f"pivot/{name}" for name in ("every_call", "calls_from", "calls_of", "calls_on", "outside", "own_copies")),
    "same_user",
    "sensitive_signals",
    "story/events",
    "story/steps",
    *(f"triage/{name}" for name in (*TABLES, *SIGNALS)),
}
READERS: dict[str, Any] = {"rows": rows, "pairs": pairs, "values": values}
OF_CONFLICTS = ("copies_now", "case/extract_conflicts")
HOME = Account("111111111111")
CALL = call(HOME.user("alice").signs(), 0, eventID="11111111-2222-3333-4444-555555555555")
COPY = CALL | {"userIdentity": HOME.user("mallory").signs()}


@cache
def calls() -> list[tuple[str, str, list[Any]]]:
    """Return the calls of `rows`, `pairs` and `values` in the room: the function, the query and the types."""
    return [
        (str(getattr(node.func, "id", None)), query, [_type(one, path) for one in node.args[1:-1]])
        for path in sorted(ROOM.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in READERS
        for query in _queries(node.args[-1])
    ]


def _type(name: ast.expr, path: Path) -> Any:
    assert isinstance(name, ast.Name)
    module = importlib.import_module(
        ".".join(("forensics", "investigate", *path.relative_to(ROOM).with_suffix("").parts))
    )
    return getattr(module, name.id, None) or getattr(builtins, name.id)


def _queries(query: ast.expr) -> list[str]:
    """Return the query, or all that begin like an f-string."""
    if isinstance(query, ast.Constant):
        return [str(query.value)]
    assert isinstance(query, ast.JoinedStr) and isinstance(query.values[0], ast.Constant)
    beginning = str(query.values[0].value)
    return sorted(one for one in QUERIES if one.startswith(beginning))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the sample and of an event with a conflicting copy."""
    folder = tmp_path_factory.mktemp("rows")
    with case_of_records([CALL, COPY], folder) as case:
        case.ingest([SAMPLE_LOGS])
    return folder / "case"


@pytest.fixture(scope="module")
def connection(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Layout(folder), folder / "case.duckdb", read_only=True) as opened:
        run(opened, "same_user")
        every_address = {"addresses": values(opened, str, "case/source_addresses"), "accounts": None}
        with (
            signals_of(opened),
            story_tables(opened, SubjectEvents(key=DEEP_KEY), {}, None),
            calls_of(opened, "pivot/calls_from", every_address),
        ):
            yield opened


def parameters(folder: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return a value for each parameter of any query, one that matches as much as possible."""

    def column(query: str) -> list[object]:
        return [value for (value,) in connection.execute(query).fetchall()]

    event_ids, event_keys = column("select event_id from events"), column("select event_key from events")
    accounts = column("select distinct recipient_account_id from coverage")
    hashes = column("select sha256 from source_files")
    credentials = column("select credential_id from credentials")
    return {
        "ids": [*credentials, *event_ids, *column("select issuance_id from issuances")],
        "keys": [*column("select access_key_id from credentials"), *event_keys],
        "accounts": accounts,
        "regions": [None] * len(accounts),
        "hours": column("select min(hour)::timestamp from coverage group by recipient_account_id"),
        "starts": [None] * len(accounts),
        "began": ["2026-10-01"] * (len(credentials) + 2 * len(event_ids)),
        "until": ["2027-01-01"] * (len(credentials) + 2 * len(event_ids)),
        "ends": [None] * len(accounts),
        "names": [*column("select name from source_files"), *column("select name from principals")],
        "roles": column("select account_id || '/' || role_name from trust_policies"),
        "workloads": column("select workload_id from launches"),
        "hashes": hashes,
        "sources": hashes,
        "digests": column("select digest_sha256 from digests"),
        "valid": credentials,
        "counted": credentials,
        "addresses": column("select distinct source_ip_address from events where source_ip_address is not null"),
        "events": event_keys,
        "part": "counted",
        "most_events": 3,
        "cited": event_ids,
        "listed": event_keys,
        "cuts": column("select hour::timestamp from coverage limit 1"),
        "files": values(connection, str, "case/events_files"),
        "id": DEEP_KEY,
        "key": DEEP_KEY,
        **dict.fromkeys(("account", "user", "kind", "principal")),
        "first": "2026-01-01",
        "at": "2027-01-01",
        "step": 60,
        "statement": "select 1",
        "text": "svc-deploy",
        "is_object": False,
        "users": ["svc-deploy"],
        "role_names": ["deployer"],
        "since": None,
        "name": "svc-deploy",
        "session": None,
        "leaked_at": "2027-01-01",
        "stories": column("select distinct story from triage_stories"),
        "firsts": ["2026-10-01"],
        "lasts": ["2026-10-02"],
        "event_ids": event_ids,
        "signals": [signal.value for signal in WEIGHTS],
        "weights": [one.weight for one in WEIGHTS.values()],
        "floors": [one.floor for one in WEIGHTS.values()],
        "sensitive": [one.is_sensitive for one in WEIGHTS.values()],
        "least": 0.0,
        "least_of_lead": 0.0,
        "most": 5,
        "alike": 2,
        "longest": 200,
        "room": 100_000,
    }


def test_the_columns_of_each_query_are_the_fields_of_its_type(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    known = parameters(folder, connection)
    layout = Layout(folder)
    conflicts = layout.files(manifests.read(layout.manifest).of_table("event_conflicts"))
    with uses_of(connection, {str(id_): 0 for id_ in known["ids"]}) as uses:
        for how, query, types in calls():
            sql = (ROOM / f"{query}.sql").read_text()
            files = {"files": conflicts} if query in OF_CONFLICTS else {}
            period = (
                {"until": None} if query.startswith("pivot/") else {}
            )  # elsewhere, a time for each of several items
            everything = {**known, "uses": uses, **files, **period}
            asked = {name: everything[name] for name in re.findall(r"\$(\w+)", re.sub(r"--.*", "", sql))}
            columns = [column for column, *_ in connection.execute(sql, asked).description or ()]
            if how == "rows":
                required, fields = _fields(*types)
                assert required <= set(columns) <= fields and len(columns) == len(set(columns)), query
            else:
                assert len(columns) == len(types), query
            READERS[how](connection, *types, query, **asked)


def test_each_query_is_read_as_a_type() -> None:
    assert {query for _, query, _ in calls()} | STATEMENTS == QUERIES


def _fields(type_: Any) -> tuple[set[str], set[str]]:
    """Return the fields that a query must return, and those that it may: defaults of an answer are set later."""
    if issubclass(type_, Row):
        return {one.name for one in msgspec.structs.fields(type_) if one.required}, set(type_.__struct_fields__)
    fields = dataclasses.fields(type_)
    missing = dataclasses.MISSING
    required = {one.name for one in fields if one.default is missing and one.default_factory is missing}
    return required, {one.name for one in fields}
