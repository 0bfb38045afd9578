"""What an attacker put into the logs arrives inert, in every output there is.

The outputs are found, not listed: every command of the program in every format that it has. A command that is not in
ASKED, or a format that is not in CHECKS, fails.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.attribution.records import Json
from tests.cli.commands import all_commands
from tests.cli.run import Done, run
from tests.hostile.corpus import ATTACKS, PARENT_KEY, records
from tests.output.test_graph import check_dot, check_mermaid

HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
NUMBERED = list(enumerate(ATTACKS))
ALL_AT_ONCE = " ".join(attack[:60] for attack in ATTACKS).translate({0: None})


def user_key(number: int) -> str:
    return f"AKIAZNW342S3UUUUUU{number:02}"


def session_key(number: int) -> str:
    return f"ASIAZNW342S3SSSSSS{number:02}"


def world() -> Iterator[Json]:
    """One user who makes a session of each attack, and a user of each attack who makes one, too."""
    for number, attack in NUMBERED:
        yield from records(attack, user="owner", child_key=session_key(number), second=number)
        keys = {"parent_key": user_key(number), "child_key": session_key(50 + number)}
        yield from records(attack, second=100 + number, **keys)


def exports() -> dict[str, Json]:
    """Names of users, accounts and trails are chosen, too; each is another's than the logs say."""
    account = "647927485622"
    return {
        "keys": {
            "AccessKeyMetadata": [
                {"AccessKeyId": user_key(number), "UserName": f"{attack} ", "Status": attack}
                for number, attack in NUMBERED
            ]
        },
        "accounts": {
            "Accounts": [{"Id": account, "Name": ALL_AT_ONCE}, *({"Id": a, "Name": a, "Email": a} for a in ATTACKS)]
        },
        "trails": {"trailList": [{"Name": attack, "TrailARN": f"{attack}:{account}"} for attack in ATTACKS]},
    }


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of attacks: `logs`, and a `case` of them."""
    folder = tmp_path_factory.mktemp("hostile")
    logs = folder / "logs"
    logs.mkdir()
    text = json.dumps({"Records": list(world())}, ensure_ascii=False)
    (logs / "logs.json").write_text(text, encoding="utf-8")
    for name, export in exports().items():
        (logs / f"{name}.json").write_text(json.dumps(export, ensure_ascii=False), encoding="utf-8")
    for number, attack in NUMBERED:
        (logs / f"{number}{attack[:50].translate({0: None, ord('/'): None})}").write_text("no log")
    done = run("ingest", logs, "--case", folder / "case")
    assert done.code == 0, done.err
    assert_inert(done)
    return folder


QUERY = "select user_agent, error_message, role_session_name, source_identity, record from attributed_events"
PIVOT = "pivot (select left(event_name, 40) as name, grade from attributed_events) on name"
# what each command is asked; {folder} is that of the attacks, {new} an empty one
ASKED: dict[str, list[list[str]]] = {
    "triage": [[], ["--all"]],
    "who": [[PARENT_KEY], [session_key(50 + number) for number, _ in NUMBERED], [ALL_AT_ONCE, PARENT_KEY]],
    "key": [[PARENT_KEY], [PARENT_KEY, "--all"], [session_key(51)], [user_key(0)]],
    "tree": [[PARENT_KEY], [user_key(1)]],
    "story": [[PARENT_KEY], ["198.51.100.0/24", "--all"]],
    "address": [["198.51.100.0/24"], ["198.51.100.7"]],
    "user": [
        ["owner"],
        *([name] for attack in ATTACKS if (name := attack[:200]) == name.strip() and "nul" not in name),
    ],
    "role": [["deploy"]],
    "resource": [["deploy"], ["arn:aws:s3:::" + ATTACKS[0]]],
    "report": [[PARENT_KEY]],
    "events": [[], ["--key", PARENT_KEY]],
    "sql": [[QUERY], [PIVOT]],
    "query run": [["address_identities", "--address", "198.51.100.7"], ["key_places", "--key", PARENT_KEY]],
    "coverage": [[]],
    "keys": [[]],
    "accounts": [[]],
    "snapshot": [["--policy"]],
    "info": [["--files"]],
    "schema": [["actors"]],
    "connect": [[]],
    "ingest": [["{folder}/logs"]],
    "verify": [[]],
    "custody": [[]],
    "extract": [[f"00000000-0000-4000-8000-{number:012}" for number, _ in NUMBERED]],
    "bundle": [[PARENT_KEY, "-o", "{new}/bundle.zip"]],
    # say nothing of a log
    "query list": [],
    "query show": [],
    "sample": [],
}


COMMANDS = {command.name: command.formats for command in all_commands()}
OUTPUTS = [(name, form) for name, forms in COMMANDS.items() if ASKED.get(name) for form in forms or ("",)]


def assert_inert(done: Done) -> None:
    assert_inert_text(done.out + done.err)


def assert_inert_text(text: str) -> None:
    assert not {c for c in text if c != "\n" and unicodedata.category(c) in HARMFUL}


def assert_no_formula(text: str) -> None:
    assert_inert_text(text)
    csv.field_size_limit(1_000_000)
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}
    for value in (value for row in rows for value in row):
        assert not value.lstrip().startswith(("=", "+", "@", "-", "|", "\uff1d"))


def assert_json(text: str) -> None:
    assert text.isascii()
    json.loads(text)


def assert_jsonl(text: str) -> None:
    for line in text.splitlines():
        assert_json(line)


def assert_no_markup_of_theirs(text: str) -> None:
    assert_inert_text(text)
    tags = Tags()
    tags.feed(text)
    assert "img" not in tags.seen
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert not any(attack in text for attack in ATTACKS if "<" in attack)


class Tags(HTMLParser):
    """The tags of a page, and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attributes}


def assert_no_live_cell(path: Path) -> None:
    with zipfile.ZipFile(path) as book:
        texts = {name: book.read(name).decode() for name in book.namelist()}
    assert not [name for name in texts if "externalLink" in name or "hyperlink" in name]
    for text in texts.values():
        assert_inert_text(text.replace("\r", ""))
        assert not re.search(r"<f[ >]|<hyperlink|_x00", text)


def assert_readable(path: Path) -> None:
    assert pq.read_table(path).num_columns


def assert_as_delivered(path: Path) -> None:
    """Bytes as they came; tests/output/test_terminal.py has it that they do not reach a terminal."""
    assert {json.loads(line)["userAgent"] for line in path.read_text().split("\n") if line} == set(ATTACKS)


CHECKS: dict[str, Callable[[str], None]] = {
    "": assert_inert_text,
    "table": assert_inert_text,
    "json": assert_json,
    "jsonl": assert_jsonl,
    "csv": assert_no_formula,
    "timesketch-csv": assert_no_formula,
    "timesketch-jsonl": assert_jsonl,
    "mermaid": check_mermaid,
    "dot": check_dot,
    "html": assert_no_markup_of_theirs,
}
FILE_CHECKS: dict[str, Callable[[Path], None]] = {
    "xlsx": assert_no_live_cell,
    "parquet": assert_readable,
    "raw": assert_as_delivered,
}


def test_no_output_is_forgotten() -> None:
    assert COMMANDS.keys() == ASKED.keys()
    assert {form for _, form in OUTPUTS} == (CHECKS.keys() | FILE_CHECKS.keys())


@pytest.mark.parametrize(("name", "form"), OUTPUTS, ids=lambda part: part.replace(" ", "-") or "text")
def test_everything_arrives_inert(attacked: Path, tmp_path: Path, name: str, form: str) -> None:
    for place, arguments in enumerate(ASKED[name]):
        (tmp_path / f"new{place}").mkdir()
        new = str(tmp_path / f"new{place}")
        asked = [part.replace("{folder}", str(attacked)).replace("{new}", new) for part in arguments]
        command = [*name.split(), *asked, "--case", str(attacked / "case"), *(["--format", form] if form else [])]
        if form in FILE_CHECKS:
            path = tmp_path / f"{place}"
            done = run(*command, "-o", path)
            FILE_CHECKS[form](path)
        else:
            done = run(*command)
            CHECKS[form](done.out)
        assert done.code == 0, done.err
        assert_inert(Done(done.code, "", done.err))
        if form == "table":
            assert_inert(run(*command, width=80))


def test_what_a_case_holds_is_told_inert(attacked: Path) -> None:
    assert_inert(run("info", "--case", attacked / "case"))
    assert_json(run("info", "--case", attacked / "case", "--format", "json").out)


def test_json_and_parquet_are_exact(attacked: Path, tmp_path: Path) -> None:
    rows = json.loads(run("events", "--case", attacked / "case", "--format", "json").out)
    assert {row["user_agent"] for row in rows} == set(ATTACKS)
    run("events", "--case", attacked / "case", "-o", tmp_path / "events.parquet")
    assert set(pq.read_table(tmp_path / "events.parquet")["user_agent"].to_pylist()) == set(ATTACKS)
    for number, attack in NUMBERED:
        answer = json.loads(run("who", user_key(number), "--case", attacked / "case", "--format", "json").out)
        assert answer["actor"]["name"] == attack[:200]


def test_what_is_typed_is_told_inert(attacked: Path) -> None:
    typed = ALL_AT_ONCE
    for command in (
        ["events", "--name", typed, "--actor", typed],
        ["events", "--since", typed],
        ["who", typed],
        ["user", typed],
        ["role", typed],
        ["resource", typed],
        ["schema", typed],
        ["query", "run", typed],
        ["query", "run", "key_owner", "--param", f"key={typed}"],
        ["query", "run", "key_owner", f"--{typed}=x"],
        ["sql", f"select '{typed}"],
        ["info", "-o", f"/nowhere/{typed}"],
    ):
        assert_inert(run(*command, "--case", attacked / "case"))


def test_markup_is_text(attacked: Path) -> None:
    number = ATTACKS.index("[bold]markup[/bold] [link=http://evil.example]x[/link]")
    assert f"{ATTACKS[number]}, IAM user" in run("who", user_key(number), "--case", attacked / "case").out
