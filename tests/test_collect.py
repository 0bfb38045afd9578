"""Collect: trails in S3 become the case that their files would make, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from forensics.answers import Estimate, Ingest, LookupEstimate
from forensics.case import Access, Case, Declined, IngestFailed
from forensics.lake import manifest as manifests
from forensics.lake.change import READ_FROM as CHANGES
from forensics.lake.filter import filter_of
from forensics.lake.issuance import READ_FROM as ISSUANCES
from forensics.sources import download
from forensics.sources.download import spool_name
from forensics.sources.s3 import S3Object
from tests.cases import tables
from tests.conftest import SAMPLE_LOGS
from tests.formats.test_documents import DIGEST
from tests.lake.cases import put as put_trail_file
from tests.lake.cases import record
from tests.s3_server import BUCKET, S3Server, error

URL = f"s3://{BUCKET}/"
ALL = sorted(SAMPLE_LOGS.rglob("*.json.gz"))
FILES = [path for path in ALL if "/2026/10/04/" in path.as_posix()]
FEW = FILES[::7]
LAST = FEW[-1].relative_to(SAMPLE_LOGS).as_posix()


@pytest.fixture(autouse=True)
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_ROUND", (4, 1 << 20))
    monkeypatch.setattr(download, "ROUND", (16, 8 << 20))
    monkeypatch.setattr(download, "_PAUSE", 0.001)


def key(path: Path) -> str:
    return path.relative_to(SAMPLE_LOGS).as_posix()


def put(server: S3Server, files: list[Path]) -> None:
    for path in files:
        server.put(key(path), path.read_bytes())


def fetch(server: S3Server, case: Path, **options: Any) -> Ingest:
    return Case.create(case).ingest([URL], access=Access(endpoint_url=server.url), **options)


def by_files(case: Path, files: list[Path], **options: Any) -> Case:
    made = Case.create(case)
    made.ingest(files, **options)
    return made


def test_it_is_the_case_that_the_files_make(server: S3Server, tmp_path: Path) -> None:
    put(server, FEW)
    done = fetch(server, tmp_path / "case")
    case = Case.open(tmp_path / "case")
    assert done.files == {"ok": len(FEW)}
    assert tables(case) == tables(by_files(tmp_path / "files", FEW))
    assert not (tmp_path / "case" / "spool").exists()
    named = case.sql_rows("select name, path from source_files").rows
    assert set(named) == {(f"{URL}{key(path)}",) * 2 for path in FEW}


def test_what_is_in_the_case_is_not_fetched_again(server: S3Server, tmp_path: Path) -> None:
    put(server, FEW)
    fetch(server, tmp_path / "case")
    server.requests.clear()
    new = next(path for path in FILES if path not in FEW)
    put(server, [new])
    replaced = FEW[0]
    server.put(key(replaced), put_trail_file(tmp_path / "x.json", record(1)).read_bytes())
    done = fetch(server, tmp_path / "case")
    assert set(server.fetched()) == {key(new), key(replaced)}
    assert done.files == {"duplicate": len(FEW) - 1, "ok": 2}


def test_a_digest_keeps_its_signature(server: S3Server, tmp_path: Path) -> None:
    metadata = {"signature": "00ff", "signature-algorithm": "SHA256withRSA"}
    server.put(
        "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/10/01/d.json", json.dumps(DIGEST).encode(), metadata
    )
    assert fetch(server, tmp_path / "case").documents == {"digest": 1}
    found = Case.open(tmp_path / "case").sql_rows("select kind, metadata['signature'], etag from source_files").rows
    assert found[0][:2] == ("digest", "00ff")
    assert found[0][2]


def test_credentials_that_end_are_told_and_the_same_call_goes_on(server: S3Server, tmp_path: Path) -> None:
    put(server, FEW)
    server.faults[LAST] = error("ExpiredToken", "400 Bad Request")
    with pytest.raises(IngestFailed, match="the AWS credentials have expired") as told:
        fetch(server, tmp_path / "case")
    goes_on(server, tmp_path, str(told.value))


def test_a_full_disk_is_told_and_the_same_call_goes_on(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, FEW)

    def full(path: Path, *arguments: Any) -> int:
        if path.name == f"{spool_name(last)}.new":
            raise OSError(28, "No space left on device", str(path))
        return os.open(path, *arguments)

    last = S3Object(BUCKET, LAST, hashlib.md5(FEW[-1].read_bytes()).hexdigest(), 0, None, None, None)
    with monkeypatch.context() as patch:
        patch.setattr(download, "os", SimpleNamespace(**{**vars(os), "open": full}))
        with pytest.raises(IngestFailed, match="No space left on device") as told:
            fetch(server, tmp_path / "case")
    goes_on(server, tmp_path, str(told.value))


def goes_on(server: S3Server, folder: Path, told: str) -> None:
    assert re.search(rf"; \d of {len(FEW)} objects are in the case, and the same command again reads the rest", told)
    assert Case.open(folder / "case").info().events > 0
    server.faults.clear()
    fetch(server, folder / "case")
    assert {name: number for name, number in server.fetched().items() if number > 1}.keys() <= {LAST}
    assert tables(Case.open(folder / "case")) == tables(by_files(folder / "files", FEW))


def test_an_object_that_cannot_be_had_is_listed_and_tried_again(server: S3Server, tmp_path: Path) -> None:
    put(server, FEW)
    server.faults[key(FEW[3])] = error("AccessDenied", "403 Forbidden")
    done = fetch(server, tmp_path / "case")
    assert [(file.name, file.status) for file in done.unread] == [(f"{URL}{key(FEW[3])}", "failed")]
    assert "access is denied" in done.unread[0].reason
    assert done.incomplete
    server.faults.clear()
    assert fetch(server, tmp_path / "case").files == {"duplicate": len(FEW) - 1, "ok": 1}
    assert tables(Case.open(tmp_path / "case")) == tables(by_files(tmp_path / "files", FEW))


WINDOW: dict[str, Any] = {
    "accounts": ["647927485622", "704560302692"],
    "regions": ["eu-west-1"],
    "since": datetime(2026, 10, 4, tzinfo=UTC),
    "until": datetime(2026, 10, 4, 6, tzinfo=UTC),
}


def test_a_window_is_what_is_listed_and_what_goes_in(server: S3Server, tmp_path: Path) -> None:
    put(server, ALL)
    told: list[Estimate] = []

    def listen(estimate: Estimate | LookupEstimate) -> bool:
        assert isinstance(estimate, Estimate)
        told.append(estimate)
        return True

    done = fetch(server, tmp_path / "case", **WINDOW, go_on=listen)
    (estimate,) = told
    assert (estimate.accounts, estimate.regions) == (("647927485622", "704560302692"), ("eu-west-1", "us-east-1"))
    assert (estimate.from_, estimate.to) == (date(2026, 10, 2), date(2026, 10, 5))
    assert (estimate.objects, estimate.bytes) == (sum(done.files.values()), done.bytes)
    outside = "event_time < '2026-10-04' or event_time >= '2026-10-04 06:00'"
    found = Case.open(tmp_path / "case").sql_rows(
        f"select distinct event_source, event_name from events where {outside}"
    )
    assert set(found.rows) <= ISSUANCES | CHANGES
    assert ("sts.amazonaws.com", "AssumeRole") in found.rows
    assert set(manifests.read(tmp_path / "case" / "manifest.jsonl").filters) == {filter_of(**WINDOW)}


def test_a_dry_run_fetches_nothing_and_leaves_no_case(server: S3Server, tmp_path: Path) -> None:
    put(server, FEW)
    with pytest.raises(Declined) as declined:
        fetch(server, tmp_path / "case", go_on=lambda _estimate: False)
    assert isinstance(declined.value.estimate, Estimate)
    assert declined.value.estimate.objects == len(FEW)
    assert not server.fetched()
    assert not (tmp_path / "case").exists()
