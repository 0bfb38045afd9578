"""Collect: a case of trails in S3 equals a case of the same files, whatever fails during the download."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

import pytest

from forensics.answers.ingest_answer import Estimate, Ingest, LookupEstimate
from forensics.case import Access, Case
from forensics.errors import Declined, IngestFailed
from forensics.ingest.filter import filter_of
from forensics.lake import manifest as manifests
from forensics.records.change import READ_FROM as CHANGES
from forensics.records.issuance import READ_FROM as ISSUANCES
from forensics.sources import download, lookup_events
from tests.cases import tables
from tests.conftest import SAMPLE_LOGS
from tests.formats.test_documents import DIGEST
from tests.lake.cases import put as put_trail_file
from tests.lake.cases import record
from tests.lookup_server import LookupServer, lookup_server
from tests.s3_server import BUCKET, S3Server, breaking_off, error, times

Tables = dict[str, list[tuple[object, ...]]]

BUCKET_PAGE = Path(__file__).parents[2] / "docs" / "bucket.md"
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


def by_files(case: Path, files: list[Path]) -> Case:
    made = Case.create(case)
    made.ingest(files)
    return made


@pytest.fixture(scope="module")
def few_tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Return the state of a case of the files."""
    return tables(by_files(tmp_path_factory.mktemp("files") / "case", FEW))


def test_it_is_the_case_that_the_files_make(server: S3Server, tmp_path: Path, few_tables: Tables) -> None:
    put(server, FEW)
    done = fetch(server, tmp_path / "case")
    case = Case.open(tmp_path / "case")
    assert done.files == {"ok": len(FEW)}
    assert tables(case) == few_tables
    assert not (tmp_path / "case" / "spool").exists()
    assert {request.partition(" ")[0] for request in server.requests} == {"GET"}  # nothing is written
    named = case.sql_rows("select name, path from source_files").rows
    assert set(named) == {(f"{URL}{key(path)}",) * 2 for path in FEW}
    replaced_and_new_ones_alone_are_fetched(server, tmp_path)


def replaced_and_new_ones_alone_are_fetched(server: S3Server, folder: Path) -> None:
    server.requests.clear()
    new = next(path for path in FILES if path not in FEW)
    put(server, [new])
    server.put(LAST, put_trail_file(folder / "x.json", record(1)).read_bytes())
    done = fetch(server, folder / "case")
    assert set(server.fetched()) == {key(new), LAST}
    assert done.files == {"duplicate": len(FEW) - 1, "ok": 2}
    assert done.known == len(FEW) - 1


def test_an_archive_in_s3_and_its_members_are_named_by_their_url(server: S3Server, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in FEW[:2]:
            archive.write(path, path.name)
    server.put("copies/logs.zip", packed.getvalue())
    fetch(server, tmp_path / "case")
    found = {(file.name, file.path) for file in manifests.read(tmp_path / "case" / "manifest.jsonl").source_files}
    urls = [f"{URL}copies/logs.zip", *(f"{URL}copies/logs.zip/{path.name}" for path in FEW[:2])]
    assert found == {(url, url) for url in urls}


def test_a_digest_keeps_its_signature(server: S3Server, tmp_path: Path) -> None:
    metadata = {"signature": "00ff", "signature-algorithm": "SHA256withRSA"}
    server.put(
        "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/10/01/d.json", json.dumps(DIGEST).encode(), metadata
    )
    assert fetch(server, tmp_path / "case").documents == {"digest": 1}
    found = Case.open(tmp_path / "case").sql_rows("select kind, metadata['signature'], etag from source_files").rows
    assert found[0][:2] == ("digest", "00ff")
    assert found[0][2]


def test_on_a_bad_day_each_call_goes_on_where_the_last_was_stopped(
    server: S3Server, tmp_path: Path, few_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, FEW)
    goes_on = rf"; \d of {len(FEW)} objects are in the case\. Run the same command again to add the rest"
    server.faults[LAST] = error("ExpiredToken", "400 Bad Request")
    with pytest.raises(IngestFailed, match=f"the AWS credentials have expired.*{goes_on}"):
        fetch(server, tmp_path / "case")
    assert Case.open(tmp_path / "case").info().events > 0
    server.faults.clear()
    with monkeypatch.context() as patch:
        patch.setattr(download, "create_private", full_disk)
        with pytest.raises(IngestFailed, match="No space left on device"):
            fetch(server, tmp_path / "case")
    server.faults[LAST] = error("AccessDenied", "403 Forbidden")
    done = fetch(server, tmp_path / "case")
    assert done.incomplete
    assert [(file.name, file.status) for file in done.unread] == [(f"{URL}{LAST}", "failed")]
    assert "access is denied" in done.unread[0].reason
    server.faults.clear()
    assert fetch(server, tmp_path / "case").files == {"duplicate": len(FEW) - 1, "ok": 1}
    assert {name for name, number in server.fetched().items() if number > 1} == {LAST}
    assert tables(Case.open(tmp_path / "case")) == few_tables


def full_disk(path: Path, *arguments: Any) -> int:
    raise OSError(28, "No space left on device", str(path))


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


def fetch_until_killed(server: S3Server, case: Path, seconds: float | None) -> int:
    command = [sys.executable, "-m", "forensics", "ingest", URL, "--endpoint-url", server.url, "--case", str(case)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _, told = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            _, told = process.communicate()
    assert b"Traceback" not in told, told.decode()
    return process.returncode


def run_killed(server: S3Server, tmp_path: Path, objects: int, kills: int) -> None:
    """With errors and kills: the case equals that of the files, and no object is fetched twice."""
    random = Random(4)
    for number in range(objects):
        records = [record(10 * number + index) for index in range(10)]
        path = put_trail_file(tmp_path / "logs" / f"{number:05}.json", *records)
        name = f"AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/{1 + number % 28:02}/{number:05}.json"
        server.put(name, path.read_bytes())
        if number % 50 == 0:
            fault = random.choice([error("SlowDown", "503 Slow Down"), breaking_off])
            server.faults[f"/{number:05}.json"] = times(1, fault)
    ends = [fetch_until_killed(server, tmp_path / "case", random.uniform(2, 10)) for _ in range(kills)]
    assert -signal.SIGKILL in ends
    assert fetch_until_killed(server, tmp_path / "case", None) == 0
    asked = server.fetched()
    assert len(asked) == objects
    assert sum(asked.values()) <= objects + objects // 50 + ends.count(-signal.SIGKILL) * download.DOWNLOADS
    done = fetch(server, tmp_path / "case")
    assert done.files == {"duplicate": objects}
    assert server.fetched() == asked
    assert tables(Case.open(tmp_path / "case")) == tables(by_files(tmp_path / "files", [tmp_path / "logs"]))


@pytest.mark.full
def test_thousands_of_objects_with_faults_and_kills(server: S3Server, tmp_path: Path) -> None:
    run_killed(server, tmp_path, 4_000, kills=6)


@pytest.fixture
def api(nobody: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookupServer]:
    """LookupEvents with 120 events in two regions, one of them an issuance from before yesterday."""
    monkeypatch.setattr(lookup_events, "_CALLS_A_SECOND", 10_000)
    with lookup_server() as server:
        server.records = {
            "us-east-1": [logged(number, hours=number / 2 + 0.25) for number in range(100)],
            "eu-west-1": [logged(200 + number, hours=number) for number in range(19)],
        }
        server.records["us-east-1"].append(
            logged(300, hours=47, eventSource="sts.amazonaws.com", eventName="AssumeRole")
        )
        yield server


def logged(number: int, hours: float, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours + 1)
    return record(number, eventTime=f"{at:%Y-%m-%dT%H:%M:%SZ}", **fields)


def look_up(api: LookupServer, case: Path, **options: Any) -> Ingest:
    return Case.create(case).ingest([], lookup_events=True, access=Access(endpoint_url=api.url), **options)


def test_what_lookup_events_answers_is_a_file_of_the_case(api: LookupServer, tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []
    done = look_up(api, tmp_path / "case", asking=lambda made, calls: asked.append((made, calls)))
    assert (done.files, done.events) == ({"ok": 2}, 120)
    assert asked[-1][0] == len(asked)
    case = Case.open(tmp_path / "case")
    for name, path in case.sql_rows("select name, path from source_files").rows:
        assert name.startswith("sources/lookup-events/111122223333/")
        assert Path(path) == tmp_path / "case" / name
    api.refuses = {"eu-west-1": "AccessDeniedException"}
    again = look_up(api, tmp_path / "case")
    assert (again.new_events, again.files) == (0, {"duplicate": 2, "failed": 1})
    assert [(file.name, file.status) for file in again.unread] == [("LookupEvents/111122223333/eu-west-1", "failed")]


def test_the_policy_in_the_docs_allows_the_calls_that_are_made_and_no_other(
    server: S3Server, api: LookupServer, tmp_path: Path
) -> None:
    put(server, FEW)
    fetch(server, tmp_path / "s3")
    look_up(api, tmp_path / "lookups")
    (policy,) = re.findall(r'```json\n(\{\n  "Version".*?)```', BUCKET_PAGE.read_text(), re.DOTALL)
    allowed = json.loads(policy.replace("org-trail-logs", BUCKET))["Statement"]
    assert {statement["Effect"] for statement in allowed} == {"Allow"}
    of_s3 = {statement["Action"]: statement["Resource"] for statement in allowed[:-1]}
    assert {action for action, _ in server.calls} == of_s3.keys()
    assert all(fnmatchcase(resource, of_s3[action]) for action, resource in server.calls)
    free = {"sts:GetCallerIdentity"}  # AWS allows it to everyone
    assert api.actions - free == set(allowed[-1]["Action"])


def test_a_window_of_lookup_events_has_its_issuances(api: LookupServer, tmp_path: Path) -> None:
    done = look_up(api, tmp_path / "case", since=datetime.now(UTC) - timedelta(hours=12), regions=["us-east-1"])
    case = Case.open(tmp_path / "case")
    named = [row[0] for row in case.sql_rows("select event_id from events order by event_time").rows]
    assert named[0] == "id-300"
    assert len(named) == 1 + 22
    assert done.filtered == 96 - 22  # of 49 hours, without those of the window


def test_lookups_that_are_stopped_keep_what_came(
    api: LookupServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_events, "_PAGES_A_FILE", 1)
    del api.records["eu-west-1"]
    # the estimate makes two calls, or more for samples
    api.refuses, api.refuses_after = {"us-east-1": "ExpiredTokenException"}, 6
    with pytest.raises(IngestFailed, match=r"have expired.*fetched events are saved\. Run the same command again"):
        look_up(api, tmp_path / "case")
    assert list((tmp_path / "case" / "sources").rglob("*.json"))
    api.refuses.clear()
    assert look_up(api, tmp_path / "case").events == 101
