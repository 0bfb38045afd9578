"""Event options: one name, one help, one type and one parsing for the same filter, in every command and saved query."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from forensics.case import Case
from forensics.cli import app
from forensics.errors import InputError, NoSuchSubject
from forensics.investigate.case.event_filter import SHARED, EventFilter
from forensics.investigate.case.saved_queries import FILTERS, LISTS, saved_query
from tests.cli.commands import all_commands
from tests.cli.run import run
from tests.simulator import sample

OPTIONS = {f"--{name.replace('_', '-')}": name for name in FILTERS}
# its options select what to load, and always load what names actors
LOADS = "ingest"
# what was requested or created from an address counts, too; the account is that of the resource, not of the events
OTHERS = {
    ("key", "--address"),
    ("report", "--address"),
    ("user", "--account"),
    ("role", "--account"),
    ("resource", "--account"),
    ("keys", "--account"),
}
PERIOD = {"--since", "--until"}
CALLERS = {"--actor", "--origin-key", "--account", "--address"}
ALL = PERIOD | CALLERS
# commands and saved queries without some of the filters, and why
WITHOUT: dict[str, tuple[set[str], str]] = {
    "triage": (ALL, "ranks what is unusual within the whole case"),
    "who": (ALL, "the requester of a credential is the same in any selection of its events"),
    "tree": (ALL, "containment must not leave anything out; --at is the time of the status"),
    "key": (CALLERS - {"--address"}, "the subject is the actor and the key; other accounts are those of its calls"),
    "report": (CALLERS - {"--address"}, "as key"),
    "keys": (ALL - {"--account"}, "an audit is of the latest state"),
    "accounts": (ALL, "an overview of the accounts; keys takes --account"),
    "address": (
        {"--actor", "--origin-key", "--address"},
        "the subject is the address; story combines filters",
    ),
    "user": ({"--actor", "--origin-key", "--address"}, "the subject is the actor; story combines filters"),
    "role": ({"--actor", "--origin-key", "--address"}, "the subject is the role; story combines filters"),
    "resource": ({"--actor", "--origin-key", "--address"}, "the subject is the target; events combines filters"),
    "query run key_owner": (ALL, "the owner is the same in any selection of events"),
    "query run key_requester": (ALL, "the requester is the same in any selection of events"),
    "query run key_descendants": (ALL, "as tree"),
    "query run owner_access": (ALL, "what the owner of a key can still use, as tree"),
    "query run stale_keys": (ALL, "as keys"),
    "query run unresolved": ({"--actor"}, "the events have no actor"),
}
NOT_ABOUT_EVENTS = {
    "bundle", "connect", "coverage", "custody", "extract", "info", "query list", "sample", "schema", "snapshot", "sql",
    "verify",
}  # fmt: skip


def options(group: Any = None, before: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each filter of each command: the command, the name, and the annotation that makes help, type and parsing."""
    program: Any = group or get_command(app)
    for name, command in program.commands.items():
        if isinstance(command, TyperGroup):
            yield from options(command, f"{before}{name} ")
        elif name != LOADS:
            hints = get_type_hints(command.callback, include_extras=True)
            named = {option.opts[0]: hints[option.name] for option in command.params}
            filters = (option for option in OPTIONS if option in named and (name, option) not in OTHERS)
            yield from ((f"{before}{name}", option, named[option]) for option in filters)


def test_a_command_without_a_filter_says_why() -> None:
    names = {command.name for command in all_commands()}
    taken: dict[str, set[str]] = {command: set() for command in names - NOT_ABOUT_EVENTS - {LOADS}}
    for name in taken:
        command: Any = get_command(app)
        for word in name.split():
            command = command.commands[word]
        taken[name] = {option.opts[0] for option in command.params}
    for query in Case.queries():
        taken[f"query run {query.name}"] = {f"--{one.name.replace('_', '-')}" for one in query.parameters}
    for name, of_it in taken.items():
        declared, reason = WITHOUT.get(name, (set(), "all"))
        assert OPTIONS.keys() - of_it <= declared and reason, name
    assert WITHOUT.keys() <= taken.keys()
    assert names >= NOT_ABOUT_EVENTS


def test_commands_agree() -> None:
    found: dict[str, list[Any]] = {}
    for _, option, annotation in options():
        found.setdefault(option, []).append(annotation)
    assert found.keys() == OPTIONS.keys()
    for option, of_commands in found.items():
        assert all(one == of_commands[0] for one in of_commands), option


def test_saved_queries_agree_with_the_commands() -> None:
    for command, option, annotation in options():
        type_, info = get_args(annotation)
        parameter = FILTERS[OPTIONS[option]]
        assert info.help == parameter.meaning, command
        assert (type_ == list[str] | None) == (parameter.type in LISTS), command
    for query in Case.queries():
        for own in query.parameters:
            common = FILTERS.get(own.name)
            assert common is None or own == common or (own.is_required and own.type == common.type), query.name


def test_events_take_every_filter() -> None:
    assert tuple(FILTERS) == SHARED
    assert FILTERS.keys() <= EventFilter.__annotations__.keys()


def test_a_saved_query_is_sql_that_runs_without_values_for_filters(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        query = saved_query("denied_calls").sql
        assert case.sql_rows(query) == case.query_rows("denied_calls", {})
        assert case.sql(query, {"actor": "svc-deploy"})["denied"].sum() == len(
            case.events(actor="svc-deploy", outcome="denied")
        )


def rows(*arguments: object) -> list[dict[str, Any]]:
    done = run(*arguments, "--format", "jsonl")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize(
    "given",
    [
        ("--actor", "SVC-DEPLOY"),
        ("--origin-key", sample.LEAKED_KEY.lower()),
        ("--account", "647927485622", "--account", "990935843807"),
        ("--address", "192.0.2.0/24"),
        ("--since", "2026-10-04 04:00", "--tz", "Europe/Berlin"),
        ("--until", "2026-10-04", "--address", "192.0.2.0/24", "--address", "198.51.100.20"),
    ],
)
def test_a_query_counts_the_events_that_the_command_lists(sample_case: Path, given: tuple[str, ...]) -> None:
    listed = rows("events", "--case", sample_case, "--outcome", "denied", *given)
    counted = rows("query", "run", "denied_calls", "--case", sample_case, *given)
    assert listed
    assert sum(row["denied"] for row in counted) == len(listed)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("key_owner", "--key", "x", "--since", "2026-10-04"), "key_owner does not take --since; it takes --key"),
        (("unresolved", "--actor", "x"), "does not take --actor; it takes --origin-key, --account, --address, --since"),
        (("denied_calls", "--actor", ""), "--actor has an empty value"),
        (("denied_calls", "--account", ""), "--account has an empty value"),
        (("denied_calls", "--since", "2026-10-04", "--until", "2026-10-03"), "--since must be before --until"),
        (("denied_calls", "--since", "soon"), "cannot parse 'soon' as a time"),
    ],
)
def test_a_filter_that_cannot_be_used_is_a_usage_error(sample_case: Path, arguments: tuple[str, ...], why: str) -> None:
    done = run("query", "run", *arguments, "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert why in done.complaint


@pytest.mark.parametrize("command", [["events"], ["story", "svc-deploy"], ["query", "run", "denied_calls"]])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--address", "192.0.2.0/33"), "'192.0.2.0/33' is not an IP address or network; use 192.0.2.44"),
        (("--address", "192.0.2.44", "--address", "x/24"), "'x/24' is not an IP address or network"),
        (("--address", "300.1.1.1"), "'300.1.1.1' is not an IP address or network"),
        (("--address", " "), "--address has an empty value"),
        (("--account", "12"), "'12' is not an account ID; use its 12 digits, such as 111122223333"),
        (("--since", "2026-10-04", "--until", "2026-10-04"), "--since must be before --until"),
        (("--until", "2026-10-03", "--since", "2026-10-04"), "--since must be before --until"),
    ],
)
def test_a_value_that_cannot_match_is_a_usage_error_before_any_work(
    command: list[str], given: tuple[str, ...], why: str
) -> None:
    done = run(*command, *given, "--case", "missing")
    assert (done.code, done.out) == (2, "")
    assert why in done.complaint


@pytest.mark.parametrize("option", ["--service", "--account", "--region"])
def test_an_empty_place_of_a_resource_is_a_usage_error(option: str) -> None:
    done = run("resource", "web", option, "", "--case", "missing")
    assert (done.code, done.out) == (2, "")
    assert f"{option} has an empty value" in done.complaint


SUBJECTS = ("who", "tree", "story", "key", "report", "user", "role", "resource", "address", "extract")


@pytest.mark.parametrize("text", ["", " \t"])
@pytest.mark.parametrize("command", SUBJECTS)
def test_an_empty_subject_is_a_usage_error(command: str, text: str) -> None:
    done = run(command, text, "--case", "missing")
    assert (done.code, done.out) == (2, "")
    assert "the value is empty" in done.complaint


def test_the_methods_of_a_case_refuse_the_same(sample_case: Path) -> None:
    day, next_day = (datetime(2026, 10, number, tzinfo=UTC) for number in (4, 5))
    with Case.open(sample_case) as case:
        for ask in (
            lambda: case.events(address="192.0.2.0/33"),
            lambda: case.events(account=["111122223333", "12"]),
            lambda: case.events(since=next_day, until=day),
            lambda: case.story("svc-deploy", since=next_day, until=day),
            lambda: case.key(sample.LEAKED_KEY, since=next_day, until=day),
            lambda: case.query("denied_calls", since=next_day, until=day),
            lambda: case.query("denied_calls", account=["12"]),
            lambda: case.address("192.0.2.44", since=next_day, until=day),
            lambda: case.resource("web", region=""),
            lambda: case.resource("web", account="12"),
            lambda: case.user(" "),
            lambda: case.who(""),
        ):
            with pytest.raises(InputError):
                ask()


def test_the_account_of_pages_and_of_the_audit_of_keys(sample_case: Path) -> None:
    account = "704560302692"
    with Case.open(sample_case) as case:
        audited = case.keys(account=account)
        assert {key.account_id for key in audited.keys} == {account} < {key.account_id for key in case.keys().keys}
        pages = [case.address("192.0.2.44", account=one).activity.events for one in (account, None)]
        assert 0 < pages[0] < pages[1], pages
        user = case.user("svc-deploy").subject
        assert case.user("svc-deploy", account=user.account_id).subject == user
        with pytest.raises(NoSuchSubject):
            case.user("svc-deploy", account="000000000000")
    done = run("address", "192.0.2.44", "--account", account, "--case", sample_case)
    assert f"only calls of {account}" in done.out and f"--account {account}" in done.out
