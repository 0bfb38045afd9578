"""The custody log: every entry follows the one before, and whatever was done to it shows."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forensics.answers.canonical import answer_sha256
from forensics.case import Case
from forensics.proof import custody_log as custody
from tests.attribution.records import Account, assume_role, call, write
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
LOGS = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), call(DEPLOY.session("build", 0, KEY), 10))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Case.create(tmp_path / "case") as case:
        case.ingest([write(LOGS, tmp_path / "logs")])
        case.who(KEY)
        case.tree(ALICE.id)
        case.sql_rows("select 1")
    return tmp_path / "case"


def test_every_command_is_logged_with_its_parameters_and_the_hash_of_its_answer(folder: Path) -> None:
    with Case.open(folder) as case:
        answer = case.key(KEY)
        frame = case.events(errors=True)
        case.info()
        case.coverage()
        log = case.custody()
    assert not log.problems
    assert [entry.command for entry in log.entries] == "ingest who tree sql key events info coverage".split()
    assert [entry.number for entry in log.entries] == list(range(1, 9))
    assert log.entries[1].parameters == {"subject": KEY}
    assert log.entries[4].answer_sha256 == answer_sha256(answer)
    assert log.entries[5].parameters["errors"] is True
    assert len(frame) == 0
    assert all(entry.answer_sha256 and entry.by and entry.version for entry in log.entries)
    assert log.head == log.entries[-1].sha256


def test_an_ingest_says_where_from_and_what_the_case_is_since(folder: Path) -> None:
    entry = Case.open(folder).custody().entries[0]
    assert entry.parameters["paths"] == [str(folder.parent / "logs")]
    assert entry.state
    assert entry.state["manifest_bytes"] == (folder / "manifest.jsonl").stat().st_size


def test_the_same_question_has_the_same_hash_and_another_answer_another(folder: Path) -> None:
    with Case.open(folder) as case:
        case.who(KEY)
        case.who(ALICE.id)
        hashes = [entry.answer_sha256 for entry in case.custody().entries if entry.command == "who"]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("line", range(4))
def test_one_byte_changed_anywhere_in_the_log_is_found_and_named(folder: Path, line: int) -> None:
    path = folder / "custody.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for place in range(0, len(lines[line]), 7):
        changed = bytearray(lines[line])
        changed[place] ^= 1
        path.write_bytes(b"".join([*lines[:line], bytes(changed), *lines[line + 1 :]]))
        problems = custody.read(path).problems
        assert problems[0].where == f"custody.jsonl, line {line + 1}"


def test_an_entry_taken_out_put_in_or_moved_shows(folder: Path) -> None:
    path = folder / "custody.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for forged in (
        [lines[0], *lines[2:]],
        [lines[0], lines[0], *lines[1:]],
        [lines[0], lines[2], lines[1], lines[3]],
        lines[1:],
    ):
        path.write_bytes(b"".join(forged))
        assert custody.read(path).problems


def test_an_end_that_was_cut_off_shows_by_the_head_that_a_report_carries(folder: Path) -> None:
    path = folder / "custody.jsonl"
    with Case.open(folder) as case:
        head = case.custody().head
        assert head
        assert not case.verify(head=head).integrity.problems  # type: ignore[union-attr]
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
        assert not case.custody().problems
        (problem,) = case.verify(head=head).integrity.problems  # type: ignore[union-attr]
    assert head in problem.what


def test_a_half_written_entry_is_named_and_the_log_goes_on(folder: Path) -> None:
    path = folder / "custody.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with Case.open(folder) as case:
        case.who(KEY)
        log = case.custody()
    assert [problem.where for problem in log.problems] == ["custody.jsonl, line 4"]
    assert [entry.command for entry in log.entries] == ["ingest", "who", "tree", "who"]


@pytest.mark.parametrize("number", ['"x"', "null", "true", "1.5"])
def test_an_entry_of_a_right_hash_that_this_program_did_not_write_is_named_and_the_log_goes_on(
    folder: Path, number: str
) -> None:
    path = folder / "custody.jsonl"
    body = f'{{"number":{number}'
    forged = f'{body},"sha256":"{hashlib.sha256(body.encode()).hexdigest()}"}}\n'
    path.write_bytes(forged.encode() + path.read_bytes())
    assert custody.read(path).problems[0].where == "custody.jsonl, line 1"
    path.write_bytes(path.read_bytes() + forged.encode())
    with Case.open(folder) as case:
        case.who(KEY)
        assert case.custody().entries[-1].command == "who"


@pytest.mark.parametrize(
    "state",
    [
        {"more": 1},
        {"manifest_bytes": None},
        {"manifest_bytes": "x"},
        {"database_sha256": []},
        {"case_sha256": {}},
        [],
        "x",
    ],
)
def test_an_entry_whose_state_has_other_fields_is_named(folder: Path, state: object) -> None:
    path = folder / "custody.jsonl"
    first, *others = path.read_text().splitlines(keepends=True)
    entry = json.loads(first)
    entry["state"] = entry["state"] | state if isinstance(state, dict) else state
    del entry["sha256"]
    body = json.dumps(entry, separators=(",", ":"))[:-1]
    forged = f'{body},"sha256":"{hashlib.sha256(body.encode()).hexdigest()}"}}\n'
    path.write_text("".join([forged, *others]))
    done = run("verify", "--case", folder)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "custody.jsonl, line 1: it matches its hash, but is not an entry of this version" in done.out


def test_entries_written_at_once_all_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "custody.jsonl"

    def add(number: int) -> str:
        return custody.append(path, "who", {"subject": str(number)}, version="1")

    with ThreadPoolExecutor(8) as pool:
        heads = list(pool.map(add, range(100)))
    log = custody.read(path)
    assert (len(log.entries), log.problems) == (100, ())
    assert {entry.sha256 for entry in log.entries} == set(heads)


def test_secrets_never_enter_and_paths_and_arns_stay(tmp_path: Path) -> None:
    path = tmp_path / "custody.jsonl"
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    arn = f"arn:aws:sts::111111111111:assumed-role/{'r' * 40}/{'s' * 40}"
    given = {
        "query": f"select '{secret}', 'key={secret}x'",
        "deep": [{"a": secret}],
        "path": Path("/evidence/AWSLogs/111111111111/CloudTrail/something/else/and/more"),
        "subject": arn,
        "hash": "ab" * 32,
    }
    custody.append(path, "sql", given, version="1")
    (entry,) = custody.read(path).entries
    assert secret[5:15] not in path.read_text()
    assert entry.parameters["path"] == str(given["path"])
    assert (entry.parameters["subject"], entry.parameters["hash"]) == (arn, "ab" * 32)


def test_a_path_that_is_not_utf_8_is_logged_escaped(tmp_path: Path) -> None:
    custody.append(tmp_path / "custody.jsonl", "verify", {"path": Path(os.fsdecode(b"/logs/\xff.json"))}, version="1")
    (entry,) = custody.read(tmp_path / "custody.jsonl").entries
    assert entry.parameters == {"path": "/logs/\\xff.json"}


def test_a_secret_that_is_asked_about_is_not_logged(folder: Path) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    run("who", secret, "--case", folder)
    run("who", secret, KEY, "--case", folder)
    run("events", "--key", secret, "--case", folder)
    run("sql", f"select '{secret}'", "--case", folder)
    assert secret[:20] not in (folder / "custody.jsonl").read_text()
    asked = [entry.command for entry in Case.open(folder).custody().entries[4:]]
    assert asked == ["who", "events", "info", "sql"]  # where no event matches, the command says what there is


def test_a_case_that_cannot_be_written_answers_and_says_that_its_use_was_not_logged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "custody.jsonl").read_bytes()

    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(custody, "append", refuse)
    done = run("who", KEY, "--case", folder)
    assert (done.code, "alice" in done.out) == (0, True)
    assert "this command was not logged" in done.complaint
    assert (folder / "custody.jsonl").read_bytes() == before


def test_a_case_of_one_question_keeps_no_log(tmp_path: Path) -> None:
    with Case.from_logs(write(LOGS, tmp_path / "logs")) as case:
        case.who(KEY)
        assert case.custody().entries == ()


def test_the_command_prints_the_log_and_fails_where_it_was_changed(folder: Path) -> None:
    done = run("custody", "--case", folder)
    assert done.code == 0
    assert f"who  subject {KEY}" in done.out
    assert json.loads(run("custody", "--case", folder, "--format", "json").out)["problems"] == []
    path = folder / "custody.jsonl"
    path.write_text(path.read_text().replace('"command":"who"', '"command":"key"'))
    changed = run("custody", "--case", folder)
    assert changed.code == 1
    assert "line 2" in changed.complaint
