"""Evidence folders with links and special files: these are skipped with a reason and never opened; no command hangs."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import stat
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from forensics.case import Case, verify_logs
from forensics.digests.hasher import ToHash, hash_file
from forensics.files.regular_files import open_regular
from forensics.ingest.worker import ToRead, Worker
from forensics.lake.layout import create
from forensics.sources.paths import LocalFile, find_files
from tests.cli.run import run
from tests.lake.cases import put, record

LEAVES = "it is a symbolic link that leaves the folder; to read the target, pass the path of the target"
SECRET = "the-content-of-a-file-outside"


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


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder of the user with a log that is not part of the evidence."""
    put(tmp_path / "outside" / "secret.json", record(9, userAgent=SECRET))
    return tmp_path / "outside"


@pytest.fixture
def evidence(tmp_path: Path, outside: Path) -> Path:
    """Return a folder with one log and all kinds of files that must not be opened."""
    folder = tmp_path / "evidence"
    put(folder / "a" / "log.json", record(1))
    (folder / "a" / "link-to-file.json").symlink_to(outside / "secret.json")
    (folder / "link-to-folder").symlink_to(outside)
    (folder / "link-up").symlink_to("..")
    (folder / "link-to-root").symlink_to("/")
    (folder / "link-to-nothing").symlink_to(outside / "nothing")
    (folder / "link-to-device").symlink_to("/dev/zero")
    (folder / "link-over-link").symlink_to("link-to-file-outside")
    (folder / "link-to-file-outside").symlink_to(outside / "secret.json")
    (folder / "link-to-neighbour").symlink_to(tmp_path / "evidence-2")
    put(tmp_path / "evidence-2" / "secret.json", record(9, userAgent=SECRET))
    os.mkfifo(folder / "fifo.json")
    (folder / "link-to-fifo").symlink_to("fifo.json")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(folder)  # the path of a socket has at most 108 bytes
        listening.bind("socket.json")
        os.chdir(tmp_path)
    return folder


SKIPPED = {
    "a/link-to-file.json": LEAVES,
    "link-to-folder": LEAVES,
    "link-up": LEAVES,
    "link-to-root": LEAVES,
    "link-to-nothing": LEAVES,
    "link-to-device": LEAVES,
    "link-over-link": LEAVES,
    "link-to-file-outside": LEAVES,
    "link-to-neighbour": LEAVES,
    "fifo.json": "it is a FIFO",
    "link-to-fifo": "it is a FIFO",
    "socket.json": "it is a socket",
}


def test_ingest_lists_what_it_skips_and_reads_the_rest(evidence: Path, tmp_path: Path) -> None:
    done = run("ingest", evidence, "--case", tmp_path / "case", "--format", "json")
    answer = json.loads(done.out)
    assert {file["name"]: file["reason"] for file in answer["unread"]} == SKIPPED
    assert {file["status"] for file in answer["unread"]} == {"skipped"}
    assert (done.code, done.err, answer["new_events"]) == (0, "", 1)
    for path in (tmp_path / "case").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_info_and_its_files_list_what_was_skipped(evidence: Path, tmp_path: Path) -> None:
    run("ingest", evidence, "--case", tmp_path / "case")
    info = json.loads(run("info", "--case", tmp_path / "case", "--format", "json").out)
    assert {file["name"]: file["reason"] for file in info["unread"]} == SKIPPED
    files = json.loads(run("info", "--files", "--case", tmp_path / "case", "--format", "json").out)
    assert {file["name"]: file["reason"] for file in files if file["status"] == "skipped"} == SKIPPED


def test_verify_lists_what_it_skips(evidence: Path) -> None:
    answer = verify_logs([evidence])
    assert {one.name: one.reason for one in answer.skipped} == SKIPPED
    assert [one.name for one in answer.files] == ["a/log.json"]
    assert "Skipped: 12 files" in run("verify", evidence).out


def test_a_question_about_the_folder_is_answered(evidence: Path) -> None:
    done = run("info", "--logs", evidence, "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["events"] == 1


def test_many_skipped_files_flood_no_terminal_and_hide_no_failure(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "log.json", record(1))
    (tmp_path / "logs" / "zzz.json").write_text('{"Records": [{"eventVersion"')
    for number in range(3_000):
        (tmp_path / "logs" / f"{number}\x1b[2J").symlink_to("/")
    done = run("ingest", tmp_path / "logs", "--case", tmp_path / "case")
    assert done.code == 3
    assert "zzz.json" in done.out
    assert "and 2,981 more" in done.out
    assert done.out.count("\n") < 50
    assert "\x1b[2J" not in done.out


def test_links_inside_the_folder_are_read_once_and_loops_end(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    put(folder / "real" / "log.json", record(1))
    (folder / "again").symlink_to("real")
    (folder / "real" / "loop").symlink_to("..")
    (folder / "log-again.json").symlink_to("real/log.json")
    (folder / "itself").symlink_to("itself")
    found = {file.name: (file.path, file.skipped) for file in find_files([folder])}
    assert found == {
        "itself": (str(folder / "itself"), "it is a symbolic link"),
        "log-again.json": (str(folder / "real" / "log.json"), None),
        "real/log.json": (str(folder / "real" / "log.json"), None),
    }
    with Case.create(tmp_path / "case") as case:
        done = case.ingest([folder])
    assert (done.new_events, done.files) == (1, {"duplicate": 1, "ok": 1, "skipped": 1})


def test_a_link_that_the_user_names_is_read(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to(outside / "secret.json")
    (tmp_path / "folder").symlink_to(outside)
    named = [LocalFile(str(outside / "secret.json"), "file", (outside / "secret.json").stat().st_size)]
    assert find_files([tmp_path / "file"]) == named
    assert [file.name for file in find_files([tmp_path / "folder"])] == ["secret.json"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Return logs beside a folder deeper than the longest path, which shutil cannot remove."""
    put(tmp_path / "logs" / "log.json", record(1))
    os.chdir(tmp_path / "logs")
    for _ in range(3_000):
        Path("deep").mkdir()
        os.chdir("deep")
    os.chdir(tmp_path)
    yield tmp_path / "logs"
    subprocess.run(["rm", "-rf", tmp_path / "logs"], check=True)


def test_folders_deeper_than_a_path_can_be_are_told(deep: Path, tmp_path: Path) -> None:
    (unlisted,) = [file for file in find_files([deep]) if file.name != "log.json"]
    assert unlisted.name.startswith("deep/deep/")
    with Case.create(tmp_path / "case") as case:
        assert case.ingest([deep]).files == {"failed": 1, "ok": 1}


NAMED: tuple[Callable[[Path], tuple[object, ...]], ...] = (
    lambda path: ("ingest", path, "--case", "case"),
    lambda path: ("who", "AKIAIOSFODNN7EXAMPLE", "--logs", path),
    lambda path: ("verify", path),
    lambda path: ("verify", "logs", "--keys", path),
    lambda path: ("who", "AKIAIOSFODNN7EXAMPLE", "--logs", "logs", "--ip-ranges", path),
    lambda path: ("key", "AKIAIOSFODNN7EXAMPLE", "--logs", "logs", "--geo", path),
)


@pytest.mark.parametrize("command", NAMED)
@pytest.mark.parametrize("what", ["fifo", "device", "link to fifo"])
def test_a_special_file_that_the_user_names_is_refused_in_one_line(
    tmp_path: Path, command: Callable[[Path], tuple[object, ...]], what: str
) -> None:
    put(tmp_path / "logs" / "log.json", record(1))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    path = {"fifo": tmp_path / "pipe", "device": Path("/dev/zero"), "link to fifo": tmp_path / "link"}[what]
    done = run(*command(path))
    assert done.code == 2
    assert str(path) in done.complaint
    assert ("a device" if what == "device" else "a FIFO") in done.complaint


@pytest.mark.parametrize("what", ["link", "fifo", "device"])
def test_a_file_that_is_replaced_after_it_was_listed_is_not_followed(tmp_path: Path, outside: Path, what: str) -> None:
    path = put(tmp_path / "logs" / "log.json", record(1))
    (listed,) = find_files([tmp_path / "logs"])
    path.unlink()
    if what == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(outside / "secret.json" if what == "link" else "/dev/zero")
    reason = f"it cannot be read: not a regular file but a {'FIFO' if what == 'fifo' else 'symbolic link'}"
    (read,) = Worker(create(tmp_path / "case").root, "w", []).read([ToRead(listed.path, listed.name)])
    assert (read.status, read.reason, read.sha256) == ("failed", reason, None)
    hashed = hash_file(ToHash(listed.path, listed.name, listed.size))
    assert (hashed.reason, hashed.sha256) == (reason, None)


def test_a_fifo_that_appears_between_two_looks_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    put(tmp_path / "log.json", record(1))
    regular = os.lstat(tmp_path / "log.json")
    monkeypatch.setattr(os, "lstat", lambda path: regular)
    with pytest.raises(OSError, match="not a regular file but a FIFO"):
        open_regular(tmp_path / "fifo")


def test_a_name_that_is_not_utf_8_is_read_and_shown_escaped(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "log.json", record(1))
    put(tmp_path / "logs" / os.fsdecode(b"\xff.json"), record(2))
    put(tmp_path / "logs" / "\\xff.json", record(3))
    (tmp_path / "logs" / os.fsdecode(b"\xfe")).symlink_to("/")
    answer = verify_logs([tmp_path / "logs"])
    assert [one.name for one in answer.skipped] == ["\\xfe"]
    assert {one.name for one in answer.files} == {"log.json", "\\xff.json", "\\x5cxff.json"}
    with Case.create(tmp_path / "case") as case:
        assert case.ingest([tmp_path / "logs"]).files == {"ok": 3, "skipped": 1}
        assert {one.name for one in case.verify().files} == {"log.json", "\\xff.json", "\\x5cxff.json"}


def test_links_and_devices_in_archives_are_skipped(tmp_path: Path) -> None:
    content = msgspec.json.encode({"Records": [record(1)]})
    (tmp_path / "logs").mkdir()
    with tarfile.open(tmp_path / "logs" / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("log.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
        for type_ in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE):
            entry = tarfile.TarInfo(f"type-{type_.decode()}")
            entry.type, entry.linkname = type_, "/etc/passwd"
            archive.addfile(entry)
    with zipfile.ZipFile(tmp_path / "logs" / "a.zip", "w") as zipped:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(info, "/etc/passwd")
        zipped.writestr("log.json", msgspec.json.encode({"Records": [record(2)]}))
    with Case.create(tmp_path / "case") as case:
        done = case.ingest([tmp_path / "logs"])
    assert done.new_events == 2
    assert {file.name for file in done.unread} == {
        *(f"a.tar/type-{number}" for number in "12346"),
        "a.zip/link",
    }
    assert {(file.status, file.reason) for file in done.unread} == {("skipped", "it is a link or a device, not a file")}


def test_a_case_says_where_the_bytes_of_a_link_were(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "real.json", record(1))
    (tmp_path / "logs" / "a-link.json").symlink_to("real.json")
    with Case.create(tmp_path / "case") as case:
        case.ingest([tmp_path / "logs"])
        paths = case.sql_rows("select distinct path from source_files").rows
    assert paths == ((str(tmp_path / "logs" / "real.json"),),)


def test_reading_waits_for_no_writer(tmp_path: Path) -> None:
    """A FIFO with a writer is not read either."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=lambda: (tmp_path / "fifo").write_bytes(b"{}"))
    writer.start()
    writer.join()
    with pytest.raises(OSError, match="not a regular file but a FIFO"):
        open_regular(tmp_path / "fifo")
    os.close(reader)
