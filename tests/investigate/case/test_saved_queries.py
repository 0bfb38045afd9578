"""Queries: headers, the user's own folder, binding, and the shell's statements."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from forensics.answers.query_answer import SavedQuery
from forensics.case import Case
from forensics.errors import QueryFailed, UnusableQuery
from forensics.investigate.case.saved_queries import own_folder, saved_queries, saved_query, shell_lines
from tests.simulator import sample

HEADER = "-- title: Mine\n-- question: What\n--   is it?\n-- columns: a\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder."""
    folder = tmp_path / "queries"
    folder.mkdir()
    monkeypatch.setenv("FORENSICS_QUERIES", str(folder))
    return folder


@pytest.fixture
def case(sample_case: Path) -> Case:
    return Case.open(sample_case)


def write(folder: Path, text: str, name: str = "mine") -> SavedQuery:
    (folder / f"{name}.sql").write_text(text)
    return saved_query(name)


def test_where_a_users_own_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FORENSICS_QUERIES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert own_folder() == tmp_path / "forensics" / "queries"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert own_folder() == tmp_path / ".config" / "forensics" / "queries"


def test_ones_own_go_beside_and_before_those_that_came_along(own: Path, case: Case) -> None:
    before = {query.name for query in saved_queries()}
    query = write(own, HEADER + "select 1 as a")
    assert (query.question, query.columns, query.is_own) == ("What is it?", ("a",), True)
    assert case.query("mine")["a"].tolist() == [1]
    assert write(own, HEADER + "select 2 as a", "root_use").is_own
    assert {query.name for query in saved_queries()} == before | {"mine"}
    assert [query.name for query in saved_queries()] == sorted(before | {"mine"})
    assert case.query_rows("root_use", {}).rows == ((2,),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select 1", "has no line `-- title: ...`"),
        (HEADER + "-- author: me\nselect 1", "use columns, needs"),
        (HEADER + "-- parameter: key: the key\nselect 1", "NAME TYPE = DEFAULT: MEANING"),
        (HEADER + "-- parameter: key blob: the key\nselect 1", "with a type of varchar"),
        ("-- title: \udcff", "decode"),
    ],
)
def test_a_file_that_is_no_query_says_why_and_harms_no_other(own: Path, case: Case, text: str, why: str) -> None:
    (own / "bad.sql").write_text(text, errors="surrogateescape")
    query = saved_query("bad")
    assert query.unusable and why in query.unusable
    with pytest.raises(UnusableQuery, match=re.escape(str(own / "bad.sql"))):
        case.query("bad")
    assert len(case.query("unresolved"))


def test_a_name_that_no_shell_takes(own: Path) -> None:
    assert "invalid file name" in str(write(own, HEADER + "select 1", "Drop Table").unusable)


def test_every_declared_parameter_is_bound_and_others_are_refused(own: Path, case: Case) -> None:
    write(
        own,
        HEADER
        + "-- parameter: text varchar: any\n-- parameter: number bigint = -3: any\n"
        + "-- parameter: flag boolean = true: any\n-- parameter: time timestamptz = null: any\n"
        + "-- parameter: word varchar = 'it is': any\n"
        + "select $text as a, $number as b, $flag as c, $time::timestamptz as d, $word as e",
    )
    hostile = "'; drop table events; --"
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert case.query_rows("mine", {"text": hostile}).rows == ((hostile, -3, True, None, "it is"),)
    assert case.query("mine", text="x", time=noon)["d"].tolist() == [noon]
    with pytest.raises(UnusableQuery, match="needs --text"):
        case.query("mine")
    with pytest.raises(UnusableQuery, match="has no parameter other; it has text, number"):
        case.query("mine", text="x", other=1)
    with pytest.raises(UnusableQuery, match="it has none"):
        case.query("root_use", key="x")


@pytest.mark.parametrize(
    ("parameter", "sql", "why"),
    [
        ("", "select $key as a", r"\$key is not in the header"),
        ("-- parameter: key varchar: any\n", "select 1 as a", "not in the SQL"),
    ],
)
def test_the_header_and_the_sql_agree(own: Path, case: Case, parameter: str, sql: str, why: str) -> None:
    write(own, HEADER + parameter + sql)
    with pytest.raises(UnusableQuery, match=why):
        case.query("mine", **({"key": "x"} if parameter else {}))


def test_a_query_that_needs_what_the_case_has_not_says_how_to_get_it(own: Path, case: Case) -> None:
    write(
        own, HEADER.replace("-- columns", "-- needs: iam_users: ingest an export of IAM\n-- columns") + "select 1 as a"
    )
    with pytest.raises(UnusableQuery, match="mine cannot be answered from this case: ingest an export of IAM"):
        case.query("mine")


@pytest.mark.parametrize("sql", ["drop table links", "selec 1", "select x from nowhere"])
def test_a_saved_query_only_reads(own: Path, case: Case, sql: str) -> None:
    write(own, HEADER + sql)
    with pytest.raises(QueryFailed):
        case.query("mine")


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(UnusableQuery, match="did you mean denied_calls"):
        saved_query("denied_call")


@pytest.mark.parametrize("query", [one for one in saved_queries() if not one.needs], ids=lambda query: query.name)
def test_the_shells_statements_give_the_same_rows(query: SavedQuery, case: Case, sample_case: Path) -> None:
    asked = {"key": sample.LEAKED_KEY, "actor": "it's", "session": "x", "address": "192.0.2.44"}
    given = {parameter.name: asked[parameter.name] for parameter in query.parameters if parameter.is_required}
    with duckdb.connect(":memory:") as shell:
        shell.execute("set TimeZone = 'UTC'")
        shell.execute(f"attach '{sample_case / 'case.duckdb'}' as \"case\" (read_only)")
        shell.execute('use "case"')
        *_, last = (shell.execute(statement.query) for statement in shell.extract_statements(shell_lines(query, given)))
        assert last.fetchall() == list(case.query_rows(query.name, given).rows)
