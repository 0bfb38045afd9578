"""Received cases with a forged manifest or case.json: each gives a clear message, and no other file changes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.errors import DamagedManifest, NotACase
from forensics.lake.layout import FORMAT_VERSION, open_existing
from forensics.lake.manifest import read
from tests.attribution.records import Account, assume_role, call, write
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
USED = call(DEPLOY.session("build", 0, KEY), 10)
DAY = "lake/events/event_date=2026-03-01"
ID, SHA256 = "abcdefabcdef", "0" * 64

Line = dict[str, Any]
Lines = list[Line]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a received case without a custody log, which an attacker could forge as well."""
    folder = tmp_path_factory.mktemp("hostile-manifest")
    with Case.create(folder / "case") as case:
        case.ingest([write((ISSUED, USED), folder / "logs")])
    (folder / "case" / "custody.jsonl").unlink()
    (folder / "case" / "case.duckdb").unlink()
    return folder / "case"


@pytest.fixture
def received(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "case"))


def set_in(type_: str, **fields: object) -> Callable[[Lines], Lines]:
    """Change the first line of a type."""

    def change(lines: Lines) -> Lines:
        line = next(line for line in lines if line["type"] == type_)
        line.update(fields)
        return lines

    return change


def without(type_: str, field: str) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        del next(line for line in lines if line["type"] == type_)[field]
        return lines

    return change


def added(line: Line | Callable[[Lines], Line]) -> Callable[[Lines], Lines]:
    """Add a line before the commit."""
    return lambda lines: [*lines[:-1], line(lines) if callable(line) else line, lines[-1]]


def lake_file(**fields: object) -> Line:
    path = f"{DAY}/{ID}.parquet"
    return {"type": "lake_file", "table": "events", "path": path, "rows": 0, "bytes": 4, "sha256": SHA256} | fields


def path_of(lines: Lines) -> str:
    return str(next(line["path"] for line in lines if line["type"] == "lake_file"))


def again(lines: Lines) -> Line:
    return lake_file(path=path_of(lines))


def removed_twice(lines: Lines) -> Lines:
    gone = {"type": "removed", "path": path_of(lines)}
    return [*lines[:-1], gone, gone, lines[-1]]


NOT_OURS = "is not a valid path of a lake file"
INJECTION = f"{DAY}/x.parquet']) where 1=0; copy (select 'written') to '{{canary}}'; --"
PATHS = (
    INJECTION,
    "/etc/passwd",
    "lake/events/../../../../etc/passwd",
    f"{DAY}/../{ID}.parquet",
    f"./{DAY}/{ID}.parquet",
    f"{DAY}//{ID}.parquet",
    f"{DAY}/{ID}.parquet\n",
    f"{DAY}/{ID}.parquet\0",
    f"{DAY}\\{ID}.parquet",
    f"{DAY}/*.parquet",
    f"{DAY}/{ID.upper()}.parquet",
    f"{DAY}/{ID}-worker.parquet",
    f"{DAY}/{ID}{'.' + ID}.csv",
    f"{DAY}/{ID}{('.' + ID) * 30}.parquet",
    "lake/events/event_date=2026-13-40/abcdefabcdef.parquet",
    "lake/events/event_date=\u0662\u0660\u0662\u0666-03-01/abcdefabcdef.parquet",
    "lake/documents/abcdefabcdef.parquet",
    "s3://bucket/lake/events/abcdefabcdef.parquet",
    "case.json",
    "",
)
CHANGES: list[tuple[str, Callable[[Lines], Lines], str]] = [
    *((f"path {path!r}"[:60], added(lake_file(path=path)), NOT_OURS) for path in PATHS),
    (
        "removed path",
        added({"type": "removed", "path": "../../etc/passwd"}),
        "removes '../../etc/passwd', which is not",
    ),
    ("removed twice", removed_twice, "which is not listed"),
    ("listed twice", added(again), "is listed twice"),
    ("unknown table", added(lake_file(table="secrets")), "there is no table 'secrets'"),
    ("table of another path", added(lake_file(table="quarantine")), NOT_OURS),
    ("unknown type", added({"type": "include", "path": "/etc/passwd"}), "Invalid value 'include'"),
    ("no type", added({"path": "x"}), "missing required field `type`"),
    ("unknown field", set_in("commit", comment="x"), "unknown field `comment`"),
    ("negative rows", set_in("lake_file", rows=-1), "Expected `int` >= 0"),
    ("too many rows", set_in("lake_file", rows=1 << 62), "Expected `int` <="),
    ("rows beyond int64", set_in("lake_file", rows=1 << 70), "Expected `int`|out of range"),
    ("rows as text", set_in("lake_file", rows="1"), "Expected `int`, got `str`"),
    ("fewer rows", set_in("lake_file", rows=1), "the counts of the commit do not match"),
    ("more events", set_in("commit", events=3), "the counts of the commit do not match"),
    ("short hash", set_in("lake_file", sha256="ab"), "matching regex"),
    ("hash with a newline", set_in("lake_file", sha256=SHA256 + "\n"), "matching regex"),
    ("source hash", set_in("source_file", sha256="../x"), "matching regex"),
    ("ingest id", set_in("commit", ingest_id="../../x"), "matching regex"),
    ("unknown status", set_in("source_file", status="fine"), "Invalid enum value 'fine'"),
    ("impossible date", set_in("commit", committed_at="2026-02-30T00:00:00Z"), "Invalid RFC3339"),
    ("no zone", set_in("commit", committed_at="2026-02-03T00:00:00"), "timezone"),
    ("before time", set_in("source_file", first_event_time="0001-01-01T00:00:00+14:00"), "out of range"),
    ("no name", without("source_file", "name"), "missing required field `name`"),
    ("committed twice", lambda lines: [*lines, lines[-1]], "is committed twice"),
]
BYTES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("only newlines", lambda _: b"\n" * 1_000_000, "line 1 is damaged"),
    ("an empty line", lambda text: b"\n" + text, "line 1 is damaged"),
    ("nested", lambda text: b'{"type":' + b"[" * 200_000 + b"\n" + text, "line 1 is damaged"),
    ("nested in a dropped field", lambda text: b'{"x":' + b"[" * 200_000 + b"\n" + text, "line 1 is damaged"),
    ("a long line", lambda text: b'{"type":"' + b"x" * (65 << 20) + b'"}\n' + text, "longer than 64 MiB"),
    ("not UTF-8", lambda text: text.replace(b'"status":"ok"', b'"status":"\xff"'), "line 1 is damaged"),
    ("a lone surrogate", lambda text: text.replace(b'"status":"ok"', rb'"status":"\ud800"'), "line 1 is damaged"),
    ("no commit", lambda text: text.replace(b'{"type":"commit"', b'{"type":"commiu"'), "Invalid value 'commiu'"),
    ("control characters", lambda text: b'{"type":"\\u001b]0;owned\\u0007"}\n' + text, "line 1 is damaged"),
    ("no JSON", lambda text: b"PAR1\n" + text, "line 1 is damaged"),
]


def changed(folder: Path, change: Callable[[Lines], Lines]) -> None:
    manifest = folder / "manifest.jsonl"
    lines = change([json.loads(line) for line in manifest.read_text().splitlines()])
    text = "".join(json.dumps(line) + "\n" for line in lines)
    manifest.write_text(text.replace("{canary}", str(folder.parent / "canary")))


def check(folder: Path, message: str) -> None:
    """Check that the manifest is refused with the number of the line."""
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(DamagedManifest, match=message) as refused:
        read(folder / "manifest.jsonl")
    assert "manifest.jsonl, line " in str(refused.value)
    assert "`forensics verify`" in str(refused.value)
    assert len(str(refused.value)) < 1_000
    done = run("who", KEY, "--case", folder)
    assert (done.code, done.out) == (1, "")
    assert "manifest.jsonl" in done.complaint
    assert not any(ord(character) < 32 for character in done.complaint[:-1])
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_line_that_no_ingest_writes_is_refused(
    received: Path, change: Callable[[Lines], Lines], message: str
) -> None:
    changed(received, change)
    check(received, message)


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in BYTES], ids=[case[0] for case in BYTES])
def test_what_is_not_a_line_is_refused(received: Path, change: Callable[[bytes], bytes], message: str) -> None:
    manifest = received / "manifest.jsonl"
    manifest.write_bytes(change(manifest.read_bytes()))
    check(received, message)


COMMANDS = (
    ("who", KEY),
    ("key", KEY),
    ("tree", KEY),
    ("info",),
    ("sql", "from events"),
    ("extract", ISSUED["eventID"]),
    ("verify",),
)


def hostile_cases() -> list[tuple[str, Callable[[Path], None]]]:
    return [
        ("injection", lambda folder: changed(folder, added(lake_file(path=INJECTION)))),
        ("removal", lambda folder: changed(folder, added({"type": "removed", "path": "../victim"}))),
        ("newlines", lambda folder: (folder / "manifest.jsonl").write_bytes(b"\n" * 100) and None),
    ]


@pytest.mark.parametrize("spoil", [case[1] for case in hostile_cases()], ids=[case[0] for case in hostile_cases()])
def test_every_command_refuses_a_hostile_manifest(
    received: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    (tmp_path / "victim").write_text("mine")
    logs = write((call(ALICE.signs(), 20),), tmp_path / "later")
    spoil(received)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    for command in (*COMMANDS, ("ingest", logs)):
        done = run(*command, "--case", received)
        assert done.code == 1, command
        assert re.search(r"manifest\.jsonl\W+line \d+ ", done.out + done.err), command
        assert "unchanged" not in done.out, command
        assert "unexpected" not in done.err and done.err.count("\n") == 1, command
    after = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    written = {path for path in after if after[path] != before.get(path)}
    assert written <= {received / "custody.jsonl", received / "ingest.lock"}
    assert before.keys() <= after.keys()


NO_CASE = b"00000000-0000-0000-0000-000000000000"
ABOUT: list[tuple[str, bytes, str]] = [
    ("a case ID with SQL", b'{"case_id": "\'; drop table built; --", "format_version": NOW}', "case_id"),
    ("no UUID", b'{"case_id": "00000000_0000-0000-0000-000000000000", "format_version": NOW}', "case_id"),
    ("a number", b'{"case_id": 7, "format_version": NOW}', "case_id"),
    ("a version as text", b'{"case_id": "x", "format_version": "2"}', "format_version"),
    ("a version as a truth", b'{"case_id": "x", "format_version": true}', "format_version"),
    ("a huge version", b'{"case_id": "x", "format_version": 1' + b"0" * 400 + b"}", "damaged"),
    ("a negative version", b'{"case_id": "x", "format_version": -1}', "format_version"),
    ("another field", b'{"case_id": "%s", "format_version": NOW, "x": 1}' % NO_CASE, "unknown field"),
    ("nested", b'{"case_id": ' + b"[" * 60_000, "damaged"),
    ("a long text", b'{"format_version": NOW, "case_id": "' + b"x" * (1 << 26) + b'"}', "damaged"),
    ("not UTF-8", b'{"format_version": NOW, "case_id": "\xff"}', "damaged"),
    ("zeros", b"\0" * 73, "damaged"),
    ("nothing", b"", "damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [case[1:] for case in ABOUT], ids=[case[0] for case in ABOUT])
def test_a_hostile_case_json_is_refused(received: Path, text: bytes, message: str) -> None:
    (received / "case.json").write_bytes(text.replace(b"NOW", b"%d" % FORMAT_VERSION))
    with pytest.raises(NotACase, match=message) as refused:
        open_existing(received)
    assert len(str(refused.value)) < 1_000
    done = run("info", "--case", received)
    assert (done.code, done.out) == (1, "")
    assert "case.json" in done.complaint


def test_a_manifest_that_the_log_contradicts_is_not_built_from(tmp_path: Path) -> None:
    """A truncation or a changed name leaves valid lines; only the hash in the custody log detects it."""
    with Case.create(tmp_path / "case") as case:
        case.ingest([write((ISSUED, USED), tmp_path / "logs")])
    manifest = tmp_path / "case" / "manifest.jsonl"
    text = manifest.read_bytes()
    for other in (text[:-1], b"", text.replace(b'"name":"', b'"name":"x', 1)):
        manifest.write_bytes(other)
        (tmp_path / "case" / "case.duckdb").unlink()
        done = run("who", KEY, "--case", tmp_path / "case")
        assert (done.code, done.out) == (1, "")
        assert "was changed or removed" in done.complaint
        (tmp_path / "case" / "case.duckdb").touch()


def test_source_names_are_escaped(received: Path) -> None:
    changed(
        received, set_in("source_file", name="a\u001b]0;owned\u0007\u202eb.json", status="failed", reason="\u001b[2J")
    )
    done = run("info", "--case", received)
    assert "a" in done.out
    assert not {"\u001b", "\u0007", "\u202e"} & set(done.out + done.err)


def test_a_cited_record_that_was_changed_is_named(tmp_path: Path) -> None:
    """The database is this user's and current; only the lake was changed."""
    import pyarrow.parquet as pq

    with Case.create(tmp_path / "case") as case:
        case.ingest([write((ISSUED, USED), tmp_path / "logs")])
        assert case.who(KEY).actor.id == ALICE.id
    (file,) = (tmp_path / "case" / "lake" / "events").rglob("*.parquet")
    rows = pq.read_table(file, partitioning=None)
    raw = [one.replace(b"alice", b"carol") for one in rows["raw"].to_pylist()]
    pq.write_table(rows.set_column(rows.column_names.index("raw"), "raw", [raw]).cast(rows.schema), file)
    for asked in ("who", "key", "tree"):
        done = run(asked, KEY, "--case", tmp_path / "case")
        assert (done.code, done.out) == (1, "")
        assert f"event {ISSUED['eventID']} in {file}" in done.complaint
        assert "forensics verify" in done.complaint
    for command in (("report", KEY, "-o", tmp_path / "page.html"), ("bundle", KEY, "-o", tmp_path / "a.zip")):
        done = run(*command, "--case", tmp_path / "case")
        assert done.code == 1
        assert str(file) in done.complaint
    done = run("extract", USED["eventID"], "--case", tmp_path / "case")
    assert (done.code, done.out) == (1, "")
    assert str(file) in done.complaint
    assert run("verify", "--case", tmp_path / "case").code == 1
    assert not (tmp_path / "page.html").exists() and not (tmp_path / "a.zip").exists()
