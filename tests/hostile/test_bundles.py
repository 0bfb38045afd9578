"""Received bundles: each invalid one gives a clear message in bounded time and memory, and no other file changes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.proof import bundle_archive as archive
from forensics.proof.bundle_archive import DamagedArchive, PackedSourceChanged, Source
from tests.attribution.records import Account, assume_role, call
from tests.attribution.records import write as write_logs
from tests.cases import keep, restored
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
LOGS = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), call(DEPLOY.session("build", 0, KEY), 10))
MEMORY = 400 << 20


def sums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def bundled(files: dict[str, bytes], *, as_zip: bool = False) -> bytes:
    """Return a valid archive with correct hashes."""
    file = io.BytesIO()
    archive.write(file, {**files, "SHA256SUMS": sums(files)}, as_zip=as_zip)
    return file.getvalue()


def tar(*members: tuple[tarfile.TarInfo, bytes], end: bytes = b"\0" * 1024) -> bytes:
    """Return a tar.gz of members as `tarfile` encodes them."""
    blocks = [
        entry.tobuf(tarfile.PAX_FORMAT) + content + b"\0" * (-len(content) % 512)
        for entry, content in sorted(members, key=lambda one: one[0].name)
    ]
    return gzip.compress(b"".join(blocks) + end, mtime=0)


def entry(name: str, content: bytes = b"x", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for attribute, value in attributes.items():
        setattr(made, attribute, value)
    return made, content


def with_sums(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    listed = sums({one.name: content for one, content in members})
    return tar(*members, entry("SHA256SUMS", listed))


def raw_header(name: bytes, kind: bytes, size: int) -> bytes:
    """Return a tar header with any type and size."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    block[:100] = name.ljust(100, b"\0")
    block[124:136] = b"%011o\0" % size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def endless(first: bytes, rest: bytes, times: int) -> Callable[[Path], None]:
    """Return a gzip stream of `first` and many repetitions of `rest`."""

    def write(path: Path) -> None:
        packer = zlib.compressobj(9, wbits=31)
        start = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
        again = packer.compress(rest) + packer.flush(zlib.Z_FULL_FLUSH)
        path.write_bytes(start + again * times)

    return write


def bytes_of(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def zipped(change: Callable[[bytearray], None], files: dict[str, bytes] | None = None) -> bytes:
    made = bytearray(bundled(files or {"answer.json": b"{}"}, as_zip=True))
    change(made)
    return bytes(made)


def local(made: bytearray, place: int, value: bytes) -> None:
    """Change the header of the first member."""
    made[place : place + len(value)] = value


def central(made: bytearray, place: int, value: bytes) -> None:
    """Change the first member's entry in the directory."""
    start = made.index(b"PK\x01\x02")
    made[start + place : start + place + len(value)] = value


def central_name(made: bytearray) -> None:
    central(made, 46, b"passwd")


def overlapping() -> bytes:
    """Return a zip archive whose directory lists one member a thousand times."""
    made = bundled({"answer.json": b"{}"}, as_zip=True)
    start, end = made.index(b"PK\x01\x02"), made.index(b"PK\x05\x06")
    listed = made[start:end] * 1000
    return made[:start] + listed + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 2000, 2000, len(listed), start, 0)


def python_zip(*names: str, comment: bytes = b"", method: int = zipfile.ZIP_STORED, link: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        made.comment = comment
        for name in names:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = (0o120777 if link else 0o600) << 16
            info.compress_type = method
            made.writestr(info, b"x")
    return file.getvalue()


FINE = {"answer.json": b"{}"}
HOSTILE: dict[str, bytes] = {
    # names
    "absolute.tar.gz": with_sums(entry("/etc/passwd")),
    "parent.tar.gz": with_sums(entry("../x")),
    "inner_parent.tar.gz": with_sums(entry("sources/../../x")),
    "dot.tar.gz": with_sums(entry("./answer.json")),
    "backslash.tar.gz": with_sums(entry("sources\\..\\x")),
    "control.tar.gz": with_sums(entry("a\x1b[31m")),
    "newline.tar.gz": with_sums(entry("a\nb")),
    "not_ascii.tar.gz": with_sums(entry("e\u0301.json"), entry("\u00e9.json")),
    "hidden.tar.gz": with_sums(entry(".bashrc")),
    "deep.tar.gz": with_sums(entry("a/b/c")),
    "long.tar.gz": with_sums(entry("a" * 5000)),
    "empty_name.tar.gz": gzip.compress(raw_header(b"", b"0", 0) + b"\0" * 1024),
    "drive.tar.gz": with_sums(entry("C:x")),
    "case.tar.gz": with_sums(entry("A.json"), entry("a.json")),
    "file_and_folder.tar.gz": with_sums(entry("sources"), entry("sources/x")),
    "duplicate.tar.gz": with_sums(entry("answer.json"), entry("answer.json", b"y")),
    "order.tar.gz": gzip.compress(
        entry("b")[0].tobuf() + b"x".ljust(512, b"\0") + entry("a")[0].tobuf() + b"x".ljust(512, b"\0") + b"\0" * 1024
    ),
    "nul_in_name.tar.gz": gzip.compress(raw_header(b"answer.json\0../x", b"0", 0) + b"\0" * 1024),
    # kinds
    "symlink.tar.gz": tar(entry("a", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    "hard_link.tar.gz": tar(entry("a"), entry("b", b"", type=tarfile.LNKTYPE, linkname="a")),
    "device.tar.gz": tar(entry("a", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=5)),
    "block.tar.gz": tar(entry("a", b"", type=tarfile.BLKTYPE)),
    "fifo.tar.gz": tar(entry("a", b"", type=tarfile.FIFOTYPE)),
    "folder.tar.gz": tar(entry("a", b"", type=tarfile.DIRTYPE)),
    "sparse.tar.gz": gzip.compress(raw_header(b"a", b"S", 0) + b"\0" * 1024),
    "continuous.tar.gz": gzip.compress(raw_header(b"a", b"7", 0) + b"\0" * 1024),
    "old_regular.tar.gz": gzip.compress(raw_header(b"a", b"\0", 0) + b"\0" * 1024),
    "gnu_long_name.tar.gz": gzip.compress(raw_header(b"././@LongLink", b"L", 8 << 30) + b"\0" * 1024),
    "gnu_long_link.tar.gz": gzip.compress(raw_header(b"././@LongLink", b"K", 8 << 29) + b"\0" * 1024),
    "global_pax.tar.gz": gzip.compress(raw_header(b"g", b"g", 512) + b"\0" * 2048),
    "pax_sparse.tar.gz": tar(entry("a", pax_headers={"GNU.sparse.size": "99999999999"})),
    "pax_size.tar.gz": tar(entry("a", pax_headers={"size": "99999999999"})),
    "pax_link.tar.gz": tar(entry("a", pax_headers={"linkpath": "/etc/passwd"})),
    "pax_for_folder.tar.gz": tar(entry("a" * 120, b"", type=tarfile.DIRTYPE)),
    "two_pax.tar.gz": gzip.compress(
        2 * (raw_header(b"x", b"x", 12) + b"12 path=abc\n".ljust(512, b"\0")) + b"\0" * 1024
    ),
    # sizes and ends
    "negative_size.tar.gz": gzip.compress(raw_header(b"a", b"0", 0).replace(b"0" * 11 + b"\0", b"\xff" * 12, 1)),
    "more_than_there_is.tar.gz": gzip.compress(raw_header(b"a", b"0", 8 << 29)),
    "no_end.tar.gz": tar(entry("a"), end=b""),
    "half_end.tar.gz": tar(entry("a"), end=b"\0" * 512)[:-9],
    "data_in_padding.tar.gz": gzip.compress(entry("a")[0].tobuf() + b"x".ljust(512, b"y") + b"\0" * 1024),
    "data_after_end.tar.gz": tar(entry("a"), end=b"\0" * 1024 + b"hidden"),
    "second_tar.tar.gz": gzip.compress(gzip.decompress(bundled(FINE)) + gzip.decompress(bundled(FINE))),
    "two_gzip_members.tar.gz": bundled(FINE) + bundled(FINE),
    "empty_second_member.tar.gz": bundled(FINE) + gzip.compress(b""),
    "data_after_gzip.tar.gz": bundled(FINE) + b"x",
    "zeros_after_gzip.tar.gz": bundled(FINE) + b"\0",
    "cut.tar.gz": bundled(FINE)[:-20],
    "wrong_crc.tar.gz": bundled(FINE)[:-8] + b"\0\0\0\0" + bundled(FINE)[-4:],
    "plain_tar.tar.gz": gzip.decompress(bundled(FINE)),
    # zip
    "parent.zip": python_zip("../x"),
    "absolute.zip": python_zip("/x"),
    "backslash.zip": python_zip("a\\b"),
    "not_ascii.zip": python_zip("\u00e9"),
    "symlink.zip": python_zip("a", link=True),
    "comment.zip": python_zip("a", comment=b"x" * 65_000),
    "deflated.zip": python_zip("a", method=zipfile.ZIP_DEFLATED),
    "bzip2.zip": python_zip("a", method=zipfile.ZIP_BZIP2),
    "prefix.zip": b"#!/bin/sh\n" + bundled(FINE, as_zip=True),
    "trailing.zip": bundled(FINE, as_zip=True) + b"x",
    "two_directories.zip": bundled(FINE, as_zip=True) * 2,
    "overlapping.zip": overlapping(),
    "other_name_in_directory.zip": zipped(central_name),
    "encrypted.zip": zipped(lambda made: local(made, 6, b"\x01\x00")),
    "descriptor.zip": zipped(lambda made: local(made, 6, b"\x08\x00")),
    "encrypted_directory.zip": zipped(lambda made: central(made, 8, b"\x01\x00")),
    "link_in_directory.zip": zipped(lambda made: central(made, 38, struct.pack("<L", 0o120777 << 16))),
    "other_offset.zip": zipped(lambda made: central(made, 42, b"\x01")),
    "huge_size.zip": zipped(lambda made: local(made, 18, b"\xff" * 8)),
    "directory_only.zip": zipped(lambda made: made.__delitem__(slice(0, made.index(b"PK\x01\x02")))),
    "wrong_crc.zip": zipped(lambda made: local(made, 14, b"\0\0\0\0")),
    # hashes
    "sums_twice.tar.gz": tar(entry("a"), entry("SHA256SUMS", sums({"a": b"x"}) * 2)),
    "sums_of_no_form.tar.gz": tar(entry("a"), entry("SHA256SUMS", b"\0" * 100 + b"\n")),
}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    with Case.create(folder / "case") as case:
        case.ingest([write_logs(LOGS, folder / "logs")])
        case.bundle(KEY, folder / "evidence.tar.gz")
        case.bundle(KEY, folder / "evidence.zip")
    return folder / "case"


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_of_another_form_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name])
    done = run("verify", tmp_path / name)
    assert (done.code, done.out) == (1, "")
    assert "is not a bundle, or a damaged one" in done.complaint


@pytest.mark.parametrize("as_zip", [False, True])
def test_what_the_tests_above_change_is_accepted_unchanged(tmp_path: Path, as_zip: bool) -> None:
    path = tmp_path / ("x.zip" if as_zip else "x.tar.gz")
    long = f"digests/{'a' * 150}.json.signature"
    path.write_bytes(bundled({**FINE, long: b"y", "sources/0001-empty": b""}, as_zip=as_zip))
    done = run("verify", path)
    assert (done.code, done.err) == (0, "")
    assert "only the bundle's own hashes were checked" in done.out


@pytest.mark.parametrize("listed", [b"", b"\n", sums({"a": b"y"}), sums({"b": b"x"}), sums({"a": b"x", "b": b"x"})])
def test_wrong_sums_are_named(tmp_path: Path, listed: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(tar(entry("a"), entry("SHA256SUMS", listed)))
    done = run("verify", tmp_path / "x.tar.gz")
    assert done.code == 1
    assert "x.tar.gz" in done.complaint


BOMBS: dict[str, Callable[[Path], None]] = {
    "pax.tar.gz": endless(raw_header(b"././@PaxHeader", b"x", (8 << 30) - 1), b"\0" * (1 << 20), 2000),
    "long_name.tar.gz": endless(raw_header(b"././@LongLink", b"L", (8 << 30) - 1), b"a" * (1 << 20), 2000),
    "sums.tar.gz": endless(raw_header(b"SHA256SUMS", b"0", (8 << 30) - 1), b"\n" * (1 << 20), 600),
    "report.tar.gz": endless(raw_header(b"report.html", b"0", (8 << 30) - 1), b"\0" * (1 << 20), 600),
    "zeros_after_end.tar.gz": endless(entry("a")[0].tobuf() + b"x".ljust(512, b"\0"), b"\0" * (1 << 20), 2000),
    "gzip_name.tar.gz": bytes_of(b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"a" * (64 << 20)),
    "many.zip": bytes_of(
        b"PK\x03\x04" + struct.pack("<5H3L2H", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a" + b"PK\x01\x02" * (16 << 20)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounds(tmp_path: Path, name: str) -> None:
    BOMBS[name](tmp_path / name)
    # peak memory of this process alone: ru_maxrss starts with that of its parent
    program = (
        "import re, sys\nfrom pathlib import Path\nfrom forensics.cli import main\n"
        "try:\n    main(['verify', sys.argv[1]])\n"
        "finally:\n    print(re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / name], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("forensics: ") and done.stderr.count("\n") == 1
    assert int(done.stdout) << 10 < MEMORY


def test_the_total_of_an_archive_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bundled({"a": b"x" * 4000, "b": b"x" * 4000})
    monkeypatch.setattr(archive, "MAX_BYTES", 5000)
    with pytest.raises(DamagedArchive, match="inflates to over"):
        archive.read(io.BytesIO(content), {})
    monkeypatch.setattr(archive, "MAX_BYTES", 1 << 30)
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    with pytest.raises(DamagedArchive, match="over 2 files"):
        archive.read(io.BytesIO(content), {})
    with pytest.raises(archive.TooLarge):
        archive.write(io.BytesIO(), {"a": b"", "b": b"", "c": b""}, as_zip=False)


@pytest.mark.parametrize("place", ["x.tar.gz", "x.zip", "x.tar.gz.sha256"])
def test_a_fifo_does_not_block(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / place)
    path = tmp_path / place.removesuffix(".sha256")
    if path.name != place:
        path.write_bytes(bundled(FINE))
    done = run("verify", path)
    assert done.code == 1
    assert "a FIFO" in done.complaint


def test_a_bundle_is_compared_with_its_case(case: Path) -> None:
    for name in ("evidence.tar.gz", "evidence.zip"):
        done = run("verify", case.parent / name, "--case", case)
        assert (done.code, done.err) == (0, "")
        assert done.out.count("  OK  ") == 5
        assert "anyone who can write the case" in done.out
        alone = run("verify", case.parent / name)
        assert (alone.code, alone.out.count("  OK  ")) == (0, 2)
        assert "only the bundle's own hashes were checked" in alone.out


def falsified(case: Path, changes: dict[str, tuple[bytes, bytes]]) -> bytes:
    """Return the case's bundle with changed content and matching hashes."""
    with tarfile.open(case.parent / "evidence.tar.gz") as packed:
        files = {name: (packed.extractfile(name) or io.BytesIO()).read() for name in packed.getnames()}
    del files["SHA256SUMS"]
    for name, (old, new) in changes.items():
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    return bundled(files)


@pytest.mark.parametrize("name", ["report.html", "answer.json"])
def test_another_name_in_a_bundle_of_right_sums_is_found_by_its_case(case: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "x.tar.gz").write_bytes(falsified(case, {name: (b"alice", b"mallory")}))
    alone = run("verify", tmp_path / "x.tar.gz")
    assert alone.code == 0
    assert "only the bundle's own hashes" in alone.out
    done = run("verify", tmp_path / "x.tar.gz", "--case", case)
    assert done.code == 1
    assert "the hash of the archive is not in the custody log" in done.err
    assert f"WRONG x.tar.gz: {name}" in done.out


def test_a_bundle_of_another_case_does_not_hold_whatever_it_says(case: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "other") as other:
        other.ingest([case.parent / "logs"])
    done = run("verify", case.parent / "evidence.tar.gz", "--case", tmp_path / "other")
    assert done.code == 1
    assert "a report of case" in done.out


def test_a_bundle_of_an_earlier_ingest_holds_by_the_log_and_says_what_was_not_compared(
    case: Path, tmp_path: Path
) -> None:
    with Case.create(tmp_path / "case") as grown:
        grown.ingest([case.parent / "logs"])
        grown.bundle(KEY, tmp_path / "x.tar.gz")
        more = (call(DEPLOY.session("build", 0, KEY), 20, event_name="GetObject"),)
        grown.ingest([write_logs(more, tmp_path / "more")])
    done = run("verify", tmp_path / "x.tar.gz", "--case", tmp_path / "case")
    assert (done.code, done.err) == (0, "")
    assert "its answer was not compared" in done.out


# writing


@pytest.mark.parametrize("taken", ["x.tar.gz", "x.tar.gz.sha256"])
@pytest.mark.parametrize("link", [False, True])
def test_no_neighbour_of_a_bundle_is_written_over_without_force(
    case: Path, tmp_path: Path, taken: str, link: bool
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    if link:
        (tmp_path / taken).symlink_to(victim)
    else:
        (tmp_path / taken).write_text("theirs")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("bundle", KEY, "--case", case, "-o", tmp_path / "x.tar.gz")
    assert done.code in (1, 2)
    assert "--force" in done.complaint
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert run("bundle", KEY, "--case", case, "-o", tmp_path / "x.tar.gz", "--force").code == 0
    assert victim.read_text() == "theirs"


def test_a_neighbour_with_the_temporary_name_is_kept(case: Path, tmp_path: Path) -> None:
    for name in (f".x.tar.gz.{os.getpid()}", f".x.html.{os.getpid()}"):
        (tmp_path / name).write_text("theirs")
    assert run("bundle", KEY, "--case", case, "-o", tmp_path / "x.tar.gz").code == 0
    assert run("report", KEY, "--case", case, "-o", tmp_path / "x.html").code == 0
    for name in (f".x.tar.gz.{os.getpid()}", f".x.html.{os.getpid()}"):
        assert (tmp_path / name).read_text() == "theirs"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one-source") / "folder"
    folder.mkdir()
    with Case.create(folder / "case") as case:
        case.ingest([write_logs(LOGS, folder / "logs")])
    return keep(folder)


@pytest.fixture
def of_one_source(fresh: Path) -> Path:
    """Return the only source file of the case beside it."""
    (source,) = (path for path in (restored(fresh) / "logs").iterdir())
    return source


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link to device", "larger"])
def test_a_source_path_that_is_not_a_regular_file_is_not_read(of_one_source: Path, tmp_path: Path, kind: str) -> None:
    of_one_source.unlink()
    if kind == "fifo":
        os.mkfifo(of_one_source)
    elif kind == "folder":
        of_one_source.mkdir()
    elif kind == "larger":
        with of_one_source.open("wb") as file:
            file.truncate((1 << 30) + 1)
    else:
        of_one_source.symlink_to("/dev/zero" if kind == "device" else "/dev/stdin")
    done = run("bundle", KEY, "--case", of_one_source.parents[1] / "case", "-o", tmp_path / "x.tar.gz")
    assert (done.code, done.err) == (0, "")
    assert "record only" in done.out
    with tarfile.open(tmp_path / "x.tar.gz") as packed:
        assert not [name for name in packed.getnames() if name.startswith("sources/")]


def test_a_source_that_changes_while_it_is_packed_is_not_packed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"another")
    packed = Source(secret, 7, hashlib.sha256(b"logs...").hexdigest())
    for as_zip in (False, True):
        with pytest.raises(PackedSourceChanged):
            archive.write(io.BytesIO(), {"sources/x": packed}, as_zip=as_zip)
        shorter = Source(secret, 8, hashlib.sha256(b"another").hexdigest())
        with pytest.raises(PackedSourceChanged):
            archive.write(io.BytesIO(), {"sources/x": shorter}, as_zip=as_zip)
