"""Queries: headers, the user's own folder, binding, and the shell's statements."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from forensics.answers.query_answer import SavedQuery
from forensics.case import Case
from forensics.errors import MisusedQuery, QueryFailed, UnusableQuery
from forensics.investigate.case.saved_queries import FILTERS, own_folder, saved_queries, saved_query, shell_lines
from tests.attribution.records import Account, assume_role, call
from tests.cases import case_of_records
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
        (HEADER + "-- author: me\nselect 1", "use columns, filters, needs"),
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
    with pytest.raises(UnusableQuery, match="does not take --other; it takes --text, --number"):
        case.query("mine", text="x", other=1)
    with pytest.raises(UnusableQuery, match="root_use does not take --key; it takes --actor, --origin-key"):
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


def test_a_query_of_the_user_takes_filters_and_lists(own: Path, case: Case) -> None:
    write(
        own,
        HEADER
        + "-- parameter: names varchar[] = null: any\n-- filters: actor, account\n"
        + "select count(*) as a from filtered_events(actor := $actor, account := $account)\n"
        + "where $names is null or event_name in (select unnest($names))",
    )
    whole = case.query("mine")["a"].tolist()
    assert whole == [len(case.events())]
    asked: dict[str, Any] = {"actor": "svc-deploy", "account": ["990935843807"]}
    found = case.query("mine", names=["AssumeRole", "ListUsers"], **asked)["a"].tolist()
    assert found == [len(case.events(name=["AssumeRole", "ListUsers"], **asked))]
    with pytest.raises(MisusedQuery, match="--actor takes one value"):
        case.query("mine", actor=["a", "b"])
    assert "use actor, origin_key" in str(write(own, HEADER + "-- filters: actr\nselect 1 as a").unusable)


# about one key, or about keys that no event shows
WITHOUT_FILTERS = {"key_descendants", "key_owner", "key_requester", "owner_access", "stale_keys"}
ASKED = {
    "key": sample.LEAKED_KEY,
    "actor": "svc-deploy",
    "session": "arn:aws:sts::647927485622:assumed-role/prod-maintenance/bob.meyer",
    "address": "0.0.0.0/0",
}


def test_every_query_of_events_takes_every_filter() -> None:
    for query in saved_queries():
        names = {parameter.name for parameter in query.parameters}
        missing = FILTERS.keys() - names - ({"actor"} if query.name == "unresolved" else set())
        assert missing == (FILTERS.keys() if query.name in WITHOUT_FILTERS else set()), query.name


@pytest.mark.parametrize("name", sorted({query.name for query in saved_queries()} - WITHOUT_FILTERS))
def test_a_filter_that_matches_all_loses_no_row_and_one_that_matches_nothing_has_none(case: Case, name: str) -> None:
    asked: dict[str, Any] = {one.name: ASKED[one.name] for one in saved_query(name).parameters if one.is_required}
    accounts = case.sql("select distinct recipient_account_id as id from events")["id"].tolist()
    matches_all = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": "2100-01-01", "account": accounts}
    assert case.query_rows(name, asked | matches_all) == case.query_rows(name, asked)
    for wanted in ({"since": "2100-01-01"}, {"until": "2000-01-01"}, {"account": "000000000000"},
                   {"address": "203.0.113.255"}, {"origin_key": "AKIAQQQQQQQQQQQQQQQQ"}):  # fmt: skip
        assert case.query_rows(name, asked | wanted).rows == (), wanted
    taken = {one.name for one in saved_query(name).parameters if not one.is_required}
    if "actor" in taken:
        assert case.query_rows(name, asked | {"actor": "nobody"}).rows == ()


@pytest.mark.parametrize("name", sorted({query.name for query in saved_queries()} - WITHOUT_FILTERS - {"unresolved"}))
def test_rows_of_an_actor_are_the_actors(case: Case, name: str) -> None:
    asked: dict[str, Any] = {one.name: ASKED[one.name] for one in saved_query(name).parameters if one.is_required}
    found = case.query(name, **asked | {"actor": "svc-deploy"})
    for column in {"actor_name", "by_actor"} & set(found.columns):
        assert set(found[column]) <= {"svc-deploy"}


def test_a_filter_does_not_make_a_place_look_new_or_a_call_rare(case: Case) -> None:
    leaked = datetime(2026, 10, 3, 21, tzinfo=UTC)
    whole = case.query("key_places", key=sample.LEAKED_KEY, leaked_at=leaked)
    since = case.query("key_places", key=sample.LEAKED_KEY, leaked_at=leaked, since=leaked)
    known = whole[~whole["is_new"].astype(bool)]["source_ip_address"].tolist()
    assert known and since[since["source_ip_address"].isin(known)]["is_new"].tolist() == [False] * len(known)
    of_all, of_one = (case.query("sensitive_calls", **some) for some in ({}, {"actor": "svc-deploy"}))
    in_case = dict(zip(of_all["event_name"] + of_all["tactic"], of_all["actors_in_case"], strict=True))
    assert [in_case[key] for key in of_one["event_name"] + of_one["tactic"]] == of_one["actors_in_case"].tolist()


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


def test_keys_without_use_and_sessions_without_a_key_are_credentials(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, role = aws.user("alice"), aws.role("deploy")
    created = call(
        alice.signs(), 0, source="iam.amazonaws.com", name="CreateAccessKey", requestParameters={"userName": "bob"},
        responseElements={"accessKey": {"accessKeyId": "AKIA0CREATEDXXXXXXXX", "userName": "bob"}},
    )  # fmt: skip
    unseen = assume_role(alice.signs(), role, "s", 10, issues=aws.key("K")) | {"responseElements": None}
    with case_of_records([created, unseen], tmp_path) as case:
        every = case.sql("select credential_id from credentials order by all")["credential_id"].tolist()
        for condition in ("", "actor := 'alice'"):
            query = f"select credential_id from filtered_credentials({condition}) order by all"
            assert case.sql(query)["credential_id"].tolist() == every


def test_a_forgotten_parameter_is_an_error(tmp_path: Path) -> None:
    with case_of_records([call(Account("111111111111").user("alice").signs(), 0)], tmp_path) as case:
        with pytest.raises(QueryFailed):
            case.sql("select count(*) from events where account_id = $account")
        assert len(case.sql("from filtered_events(account := $account)")) == 1
