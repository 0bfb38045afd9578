"""A bundle and a report stand by themselves: what is in them can be checked, and one changed byte is found."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from forensics.case import Case
from forensics.proof.bundle_archive import write
from tests.cli.run import run
from tests.digests.evidence import case_with_digests
from tests.simulator.sample import DEEP_KEY


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    with case_with_digests(folder) as case:
        case.bundle(DEEP_KEY, folder / "evidence.tar.gz")
        case.bundle(DEEP_KEY, folder / "evidence.zip")
    assert run("report", DEEP_KEY, "--case", folder / "case", "-o", folder / "report.html").code == 0
    return folder


@pytest.fixture
def unpacked(folder: Path, tmp_path: Path) -> Path:
    with tarfile.open(folder / "evidence.tar.gz") as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    return tmp_path / "unpacked"


def commands(unpacked: Path) -> str:
    """The commands that the instructions tell to run, as they are written there."""
    lines = (unpacked / "INSTRUCTIONS.txt").read_text().splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines if line.startswith("    "))


def checked(unpacked: Path) -> subprocess.CompletedProcess[str]:
    """Follow the instructions with the system's own tools alone."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
    return subprocess.run(
        ["bash", "-c", commands(unpacked)], cwd=unpacked, env=environment, capture_output=True, text=True, check=False
    )


needs_tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("bash", "openssl", "sha256sum", "gzip")), reason="needs openssl, sha256sum"
)


@needs_tools
def test_a_bundle_is_checked_by_its_own_instructions_alone(unpacked: Path) -> None:
    assert "forensics" not in commands(unpacked)
    done = checked(unpacked)
    sources = list((unpacked / "sources").iterdir())
    digests = list((unpacked / "digests").glob("*.json"))
    assert len(sources) == len(digests) == 3
    assert done.stdout.count(": OK\n") == sum(path.is_file() for path in unpacked.rglob("*")) - 1
    assert done.stdout.count("Verified OK\n") == len(digests)
    assert "CHANGED" not in done.stdout and "NOT LISTED" not in done.stdout and "FAILED" not in done.stdout
    fingerprints = {json.loads(path.read_text())["digestPublicKeyFingerprint"] for path in digests}
    assert set(done.stdout.splitlines()[-3:]) == fingerprints


@needs_tools
@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [("sources/*", "NOT LISTED"), ("digests/*.json", "CHANGED"), ("digests/*.signature", "Verification failure")],
)
def test_the_instructions_find_what_was_changed_even_if_the_sums_were_made_again(
    unpacked: Path, pattern: str, complaint: str
) -> None:
    changed = next(iter(sorted(unpacked.glob(pattern))))
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(bytes(content))
    first = checked(unpacked)
    assert f"{changed.relative_to(unpacked)}: FAILED" in first.stdout
    made_again = "find * -type f ! -name SHA256SUMS -exec sha256sum {} + > SHA256SUMS"
    subprocess.run(["bash", "-c", made_again], cwd=unpacked, check=True)
    done = checked(unpacked)
    assert ": FAILED" not in done.stdout
    assert complaint in done.stdout + done.stderr


def test_a_bundle_holds_the_answer_the_log_and_the_manifest(folder: Path, unpacked: Path) -> None:
    answer = json.loads((unpacked / "answer.json").read_text())
    assert answer["who"]["actor"]["name"] == "svc-deploy"
    cited = answer["who"]["chain"][0]["link"]["evidence"]
    assert {event["digest_status"] for event in cited} == {"signed"}
    assert (unpacked / "manifest.jsonl").read_bytes() == (folder / "case" / "manifest.jsonl").read_bytes()
    log = (folder / "case" / "custody.jsonl").read_bytes()
    assert log.startswith((unpacked / "custody.jsonl").read_bytes())
    head = json.loads((unpacked / "provenance.json").read_text())["custody_head"]
    assert head in log.decode()
    assert b"<html" in (unpacked / "report.html").read_bytes()
    assert stat.S_IMODE((folder / "evidence.tar.gz").stat().st_mode) == 0o600


def test_a_zip_holds_the_same(folder: Path, unpacked: Path) -> None:
    with zipfile.ZipFile(folder / "evidence.zip") as packed:
        names = set(packed.namelist())
        assert packed.testzip() is None
    assert names == {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}


def places(path: Path) -> Iterator[int]:
    size = path.stat().st_size
    yield from (0, 9, size // 2, size - 1)
    chance = Random(path.name)
    yield from (chance.randrange(size) for _ in range(4))


@pytest.mark.parametrize("name", ["evidence.tar.gz", "evidence.zip"])
def test_one_byte_changed_in_a_bundle_is_found(folder: Path, tmp_path: Path, name: str) -> None:
    assert run("verify", folder / name).code == 0
    assert run("verify", folder / name, "--case", folder / "case").code == 0
    for place in places(folder / name):
        content = bytearray((folder / name).read_bytes())
        content[place] ^= 1
        (tmp_path / name).write_bytes(bytes(content))
        done = run("verify", tmp_path / name, "--case", folder / "case")
        assert done.code == 1
        assert name in done.err
        shutil.copy(folder / f"{name}.sha256", tmp_path)
        assert run("verify", tmp_path / name).code == 1
        (tmp_path / f"{name}.sha256").unlink()


def test_the_checksum_behind_the_end_of_a_bundle_is_read(folder: Path, tmp_path: Path) -> None:
    content = bytearray((folder / "evidence.tar.gz").read_bytes())
    content[-6] ^= 1
    (tmp_path / "evidence.tar.gz").write_bytes(bytes(content))
    assert run("verify", tmp_path / "evidence.tar.gz").code == 1


def test_a_bundle_that_says_that_it_is_encrypted_is_damaged(folder: Path, tmp_path: Path) -> None:
    content = bytearray((folder / "evidence.zip").read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] ^= 1
    (tmp_path / "evidence.zip").write_bytes(bytes(content))
    done = run("verify", tmp_path / "evidence.zip")
    assert (done.code, "unexpected" in done.err) == (1, False)


def test_a_file_changed_in_a_bundle_packed_anew_is_named(unpacked: Path, tmp_path: Path) -> None:
    (unpacked / "answer.json").write_text("{}")
    (unpacked / "added.txt").write_text("x")
    files = {path.relative_to(unpacked).as_posix(): path.read_bytes() for path in unpacked.rglob("*") if path.is_file()}
    with (tmp_path / "again.tar.gz").open("wb") as file:
        write(file, files, as_zip=False)
    done = run("verify", tmp_path / "again.tar.gz", "--format", "json")
    assert {one["where"] for one in json.loads(done.out)["problems"]} == {
        "again.tar.gz: answer.json",
        "again.tar.gz: added.txt",
    }


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08rest", b"PK\x03\x04rest"])
@pytest.mark.parametrize("name", ["x.tar.gz", "x.zip", "x.html"])
def test_what_is_no_bundle_or_report_is_told_in_one_line(
    folder: Path, tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run("verify", tmp_path / name, "--case", folder / "case")
    assert done.code == 1
    assert name in done.complaint


def test_a_source_that_is_gone_or_changed_leaves_its_records(folder: Path, unpacked: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder / "case", tmp_path / "case"))
    packed = sorted((unpacked / "sources").iterdir())
    first, second, *_ = [next((folder / "logs").rglob(one.name.partition("-")[2])) for one in packed]
    kept = first.read_bytes(), second.read_bytes()
    first.unlink()
    second.write_bytes(kept[1] + b"x")
    try:
        with Case.open(copy) as case:
            made = case.bundle(DEEP_KEY, tmp_path / "less.tar.gz")
    finally:
        first.write_bytes(kept[0])
        second.write_bytes(kept[1])
    assert sorted(one.why or "" for one in made.sources) == [
        "",
        "record only: its source file is missing",
        "record only: its source file was changed since it was read",
    ]
    with tarfile.open(tmp_path / "less.tar.gz") as archive:
        listed = archive.extractfile("sources.json")
        assert listed and [one["why"] for one in json.load(listed)] == [one.why for one in made.sources]
        records = [name for name in archive.getnames() if name.startswith("records/")]
        member = archive.extractfile(records[0])
        assert member and b"MASKED sha256:" in member.read()


def test_sources_and_a_bundle_with_names_that_are_not_utf_8_are_whole(tmp_path: Path) -> None:
    logs = tmp_path / os.fsdecode(b"logs\xff")
    (tmp_path / "made").mkdir()
    with case_with_digests(tmp_path / "made"):
        pass
    (tmp_path / "made" / "logs").rename(logs)
    with Case.create(tmp_path / "case") as case:
        case.ingest([logs])
        made = case.bundle(DEEP_KEY, tmp_path / os.fsdecode(b"\xff.tar.gz"))
        assert {one.why for one in made.sources} == {None}
        checked = case.verify_bundle(tmp_path / os.fsdecode(b"\xff.tar.gz"))
    assert (made.path, checked.problems) == (f"{tmp_path}/\\xff.tar.gz", ())
    sums = subprocess.run(["sha256sum", "--check", os.fsdecode(b"\xff.tar.gz.sha256")], cwd=tmp_path, check=False)
    assert sums.returncode == 0


def test_the_same_bundle_again_is_the_same_but_for_the_log(folder: Path, tmp_path: Path) -> None:
    with Case.open(folder / "case") as case:
        case.bundle(DEEP_KEY, tmp_path / "again.tar.gz")
    sums = []
    for path in (folder / "evidence.tar.gz", tmp_path / "again.tar.gz"):
        with tarfile.open(path) as packed:
            member = packed.extractfile("SHA256SUMS")
            assert member
            sums.append(set(member.read().decode().splitlines()))
    assert {line.partition("  ")[2] for line in sums[0] ^ sums[1]} == {
        "custody.jsonl",
        "provenance.json",
        "report.html",
    }


def test_a_report_is_checked_against_its_case(folder: Path) -> None:
    done = run("verify", folder / "report.html", "--case", folder / "case")
    assert (done.code, done.out.count("  OK  ")) == (0, 1)
    assert "byte for byte" in done.out
    assert "anyone who can write the case" in done.out


@pytest.mark.parametrize(("old", "new"), [("svc-deploy", "svc-depl0y"), ("2026-10-04", "2026-10-05")])
def test_a_report_that_was_changed_is_found(folder: Path, tmp_path: Path, old: str, new: str) -> None:
    changed = tmp_path / "report.html"
    changed.write_text((folder / "report.html").read_text().replace(old, new, 1))
    done = run("verify", changed, "--case", folder / "case")
    assert done.code == 1
    assert "byte for byte" in done.err


def test_a_report_that_does_not_say_of_which_key_it_is_is_no_report(folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "report.html"
    changed.write_text((folder / "report.html").read_text().replace('"subject":', '"object":'))
    done = run("verify", changed, "--case", folder / "case")
    assert done.code == 1
    assert "does not name a key" in done.complaint


def test_a_report_does_not_hold_against_another_case(folder: Path, tmp_path: Path) -> None:
    first, *_ = sorted((folder / "logs").rglob("*_CloudTrail_*.json.gz"))
    with Case.create(tmp_path / "other") as other:
        other.ingest([first])
    done = run("verify", folder / "report.html", "--case", tmp_path / "other", "--format", "json")
    assert done.code == 1
    (problem,) = json.loads(done.out)["problems"]
    assert "a report of case" in problem["what"]


def test_an_archive_is_not_written_over_and_needs_a_name(folder: Path, tmp_path: Path) -> None:
    case = folder / "case"
    assert run("bundle", DEEP_KEY, "--case", case, "-o", tmp_path / "x.rar").code == 2
    assert run("bundle", DEEP_KEY, "--case", case, "-o", folder / "evidence.zip").code in (1, 2)
    assert run("bundle", "bob", "--case", case, "-o", tmp_path / "x.zip").code == 2
    assert not list(tmp_path.iterdir())
