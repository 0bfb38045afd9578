"""Received cases with links and special files: no file outside is read, written or deleted, and no command hangs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.errors import IngestFailed, NotACase
from forensics.lake.layout import create
from tests.cli.run import run
from tests.lake.cases import put, record

KEY = "AKIAIOSFODNN7EXAMPLE"


def link_to_file(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "file")


def link_to_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "new")


def link_to_itself(path: Path, outside: Path) -> None:
    path.symlink_to(path)


def fifo(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def socket_(path: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(path.parent)  # the path of a socket has at most 108 bytes
        listening.bind(path.name)


def file(path: Path, outside: Path) -> None:
    path.write_text("")


def folder(path: Path, outside: Path) -> None:
    path.mkdir()


SPECIAL = (link_to_file, link_to_folder, link_to_nothing, link_to_itself, fifo, socket_)
FILES = ("case.json", "manifest.jsonl", "custody.jsonl", "case.duckdb", "ingest.lock", "fetch.lock")
FOLDERS = ("lake", "tmp", "spool", "sources")
DEEPER = (
    "lake/events",
    "lake/events/{day}",
    "lake/events/{day}/{file}",
    "lake/new",
    "tmp/spilled",
    "sources/lookup_events",
)
PLANTED = [
    *((name, plant) for name in FILES for plant in (*SPECIAL, folder)),
    *((name, plant) for name in FOLDERS for plant in (*SPECIAL, file)),
    *((name, plant) for name in DEEPER for plant in (link_to_file, link_to_folder, link_to_nothing, fifo)),
]


@pytest.fixture(autouse=True)
def nothing_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    def fail(*_: object) -> None:
        raise AssertionError("it hangs")

    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("made")
    put(base / "logs" / "a.json", record(1))
    with Case.create(base / "case") as case:
        case.ingest([base / "logs"])
    (base / "more").mkdir()
    put(base / "more" / "b.json", record(2))
    return base


@pytest.fixture
def received(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "case", tmp_path / "received"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder of the user with one file."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text('{"type":"commit"}\n')
    return folder


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


COMMANDS: tuple[Callable[[Path, Path], tuple[object, ...]], ...] = (
    lambda case, more: ("who", KEY, "--case", case),
    lambda case, more: ("ingest", more, "--case", case),
    lambda case, more: ("verify", "--case", case),
    lambda case, more: ("custody", "--case", case),
)


@pytest.mark.parametrize(("name", "plant"), PLANTED)
def test_a_case_with_anything_but_files_and_folders_is_refused(
    made: Path, received: Path, outside: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    day = next((received / "lake" / "events").iterdir())
    path = received / name.format(day=day.name, file=next(day.iterdir()).name)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    plant(path, outside)
    before = contents(outside)
    for command in COMMANDS:
        done = run(*command(received, made / "more"))
        assert (done.code, done.out) == (1, "")
        assert str(path) in done.complaint
    assert contents(outside) == before


@pytest.mark.parametrize("name", ["custody.jsonl", "manifest.jsonl", "ingest.lock", "tmp/spilled"])
def test_nothing_is_written_to_a_file_that_has_a_second_name_outside(
    made: Path, received: Path, outside: Path, name: str
) -> None:
    path = received / name
    (outside / "file").write_bytes(path.read_bytes() if path.exists() else b"mine")
    path.unlink(missing_ok=True)
    path.hardlink_to(outside / "file")
    before = contents(outside)
    run("who", KEY, "--case", received)
    done = run("ingest", made / "more", "--case", received)
    if name != "custody.jsonl":
        assert "hard link" in done.complaint
    assert contents(outside) == before


def test_a_case_whose_log_cannot_be_written_answers_and_says_so(received: Path, outside: Path) -> None:
    (outside / "file").write_bytes((received / "custody.jsonl").read_bytes())
    (received / "custody.jsonl").unlink()
    (received / "custody.jsonl").hardlink_to(outside / "file")
    done = run("info", "--case", received)
    assert done.code == 0
    assert "this command was not logged" in done.complaint


@pytest.mark.parametrize("plant", [link_to_file, link_to_nothing, fifo])
@pytest.mark.parametrize("name", ["custody.jsonl", "manifest.jsonl", "ingest.lock"])
def test_a_file_that_is_replaced_after_the_case_was_opened_is_not_followed(
    made: Path, received: Path, outside: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    with Case.open(received) as case:
        (received / name).unlink()
        plant(received / name, outside)
        before = contents(outside)
        if name == "custody.jsonl":
            case.ingest([made / "more"])
            assert case.custody_note and "not a regular file" in case.custody_note
        else:
            with pytest.raises((OSError, IngestFailed), match=r"not a regular file but a (symbolic link|FIFO)"):
                case.ingest([made / "more"])
    assert contents(outside) == before


@pytest.mark.parametrize("name", [".case.json.new", "case.json"])
@pytest.mark.parametrize("plant", [link_to_file, link_to_nothing])
def test_a_new_case_writes_through_no_link(
    tmp_path: Path, outside: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "case").mkdir()
    plant(tmp_path / "case" / name, outside)
    before = contents(outside)
    if name == "case.json":
        with pytest.raises(NotACase, match=r"case\.json: not a regular file but a symbolic link"):
            create(tmp_path / "case")
    else:
        create(tmp_path / "case")
    assert contents(outside) == before


@pytest.mark.parametrize("plant", [link_to_nothing, link_to_itself, fifo])
def test_a_place_for_a_case_that_is_no_folder_is_refused(
    made: Path, tmp_path: Path, outside: Path, plant: Callable[[Path, Path], None]
) -> None:
    plant(tmp_path / "case", outside)
    for done in (run("ingest", made / "more", "--case", "case"), run("who", KEY, "--case", "case")):
        assert done.code == 1
        assert "case" in done.complaint
    assert contents(outside) == {"file": contents(outside)["file"]}


def test_a_case_that_the_user_names_by_a_link_opens(made: Path, received: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(received)
    assert run("ingest", made / "more", "--case", tmp_path / "link").code == 0
    assert run("info", "--case", tmp_path / "link").code == 0
    assert run("verify", "--case", tmp_path / "link").out
