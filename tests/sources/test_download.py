"""Download: complete objects in a limited spool, and none is fetched twice, whatever fails."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import AwsFailed
from forensics.sources import download as module
from forensics.sources.aws import Access, Aws, Client
from forensics.sources.download import Fetched, fetch_rounds, rounds
from forensics.sources.s3 import ObjectFilter, S3Object, find_objects
from forensics.sources.s3_url import S3Url
from tests.s3_server import BUCKET, Fault, S3Server, breaking_off, error, times


@cache
def client(url: str) -> Client:
    return Aws(Access(endpoint_url=url)).client("s3", connections=4)


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)


def listed(server: S3Server) -> list[S3Object]:
    return find_objects(client(server.url), S3Url(BUCKET, ""), ObjectFilter(), lambda _: None).objects


def fetch(server: S3Server, objects: list[S3Object], spool: Path) -> list[Fetched]:
    with closing(fetch_rounds(client(server.url), objects, spool)) as fetched:
        return [one for round_ in fetched for one in round_]


def put(server: S3Server, number: int = 5) -> list[S3Object]:
    for index in range(number):
        server.put(f"logs/{index}.json", str(index).encode() * 1000)
    return listed(server)


@given(st.lists(st.integers(0, 300 << 20), max_size=400))
def test_rounds_hold_every_object_once_in_order_and_are_bounded(sizes: list[int]) -> None:
    objects = [S3Object("b", str(index), "", size, None, None, None) for index, size in enumerate(sizes)]
    made = list(rounds(objects))
    assert [one for round_ in made for one in round_] == objects
    for round_ in made:
        assert len(round_) <= module.ROUND[0]
        assert len(round_) == 1 or sum(one.size for one in round_) <= module.ROUND[1]


def test_objects_lie_in_the_spool_as_they_are_with_their_metadata(server: S3Server, tmp_path: Path) -> None:
    server.put("logs/a.json", b"content", {"signature": "00ff"})
    server.put("logs/b.json", b"")
    a, b = fetch(server, listed(server), tmp_path / "spool")
    assert (a.path.read_bytes(), a.metadata, a.failure) == (b"content", {"signature": "00ff"}, None)
    assert (b.path.read_bytes(), b.metadata, b.failure) == (b"", {}, None)
    assert a.path.stat().st_mode & 0o777 == 0o600
    assert a.path.stat().st_mtime.is_integer()  # S3 returns seconds: the time when the object was written
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_what_lies_in_the_spool_is_not_fetched_again(server: S3Server, tmp_path: Path) -> None:
    server.put("logs/digest.json", b"content", {"signature": "00ff"})
    objects = put(server)
    first = fetch(server, objects, tmp_path / "spool")
    assert fetch(server, objects, tmp_path / "spool") == first
    assert set(server.fetched().values()) == {1}


def test_a_file_in_the_spool_that_is_not_whole_is_fetched_again(server: S3Server, tmp_path: Path) -> None:
    (one,) = put(server, 1)
    (fetched,) = fetch(server, [one], tmp_path / "spool")
    fetched.path.write_bytes(b"")
    (again,) = fetch(server, [one], tmp_path / "spool")
    assert again.path.read_bytes() == b"0" * 1000


def test_what_another_command_left_is_removed(server: S3Server, tmp_path: Path) -> None:
    old, new = put(server, 2)
    fetch(server, [old], tmp_path / "spool")
    (kept,) = fetch(server, [new], tmp_path / "spool")
    assert list((tmp_path / "spool").iterdir()) == [kept.path]


def test_one_round_is_fetched_ahead_and_no_more(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_ROUND", (2, 1 << 20))
    monkeypatch.setattr(module, "ROUND", (2, 1 << 20))
    with closing(fetch_rounds(client(server.url), put(server, 10), tmp_path / "spool")) as fetched:
        for number, round_ in enumerate(fetched, 1):
            assert all(one.path.exists() for one in round_)
            assert len(server.fetched()) <= 2 * (number + 1)
    assert len(server.fetched()) == 10


@pytest.mark.parametrize(
    "fault",
    [
        times(2, error("SlowDown", "503 Slow Down")),
        times(2, error("InternalError", "500 Internal Server Error")),
        times(3, breaking_off),
    ],
    ids=["throttled", "error", "broken"],
)
def test_what_passes_is_waited_for(server: S3Server, tmp_path: Path, fault: Fault) -> None:
    objects = put(server)
    server.faults["logs/3.json"] = fault
    fetched = fetch(server, objects, tmp_path / "spool")
    assert [one.path.read_bytes() for one in fetched] == [str(index).encode() * 1000 for index in range(5)]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (breaking_off, "the download failed 6 times"),
        (error("AccessDenied", "403 Forbidden"), "access is denied"),
        (error("InvalidObjectState", "403 Forbidden"), "it is archived; restore it in S3 first"),
        (error("NoSuchKey", "404 Not Found"), "it was deleted after it was listed"),
    ],
    ids=["broken", "denied", "archived", "vanished"],
)
def test_one_object_that_cannot_be_had_does_not_stop_the_others(
    server: S3Server, tmp_path: Path, fault: Fault, told: str
) -> None:
    objects = put(server)
    server.faults["logs/3.json"] = fault
    fetched = fetch(server, objects, tmp_path / "spool")
    assert [bool(one.failure) for one in fetched] == [False, False, False, True, False]
    assert told in (fetched[3].failure or "")
    assert not fetched[3].path.exists()


def test_an_object_that_vanished_or_was_replaced_since_is_told(server: S3Server, tmp_path: Path) -> None:
    objects = put(server, 3)
    server.delete("logs/0.json")
    server.put("logs/1.json", b"other")
    gone, replaced, kept = fetch(server, objects, tmp_path / "spool")
    assert gone.failure == "it was deleted after it was listed"
    assert replaced.failure == "it was replaced after it was listed; run the same command again"
    assert kept.failure is None


def test_credentials_that_end_stop_the_fetch_and_what_came_is_kept(server: S3Server, tmp_path: Path) -> None:
    objects = put(server)
    server.faults["logs/3.json"] = error("ExpiredToken", "400 Bad Request")
    with pytest.raises(AwsFailed, match="have expired; renew them and run the same command again"):
        fetch(server, objects, tmp_path / "spool")
    came = len(list((tmp_path / "spool").iterdir()))
    server.faults.clear()
    fetch(server, objects, tmp_path / "spool")
    assert sum(server.fetched().values()) <= 5 + 5 - came + 1


def test_credentials_that_may_list_and_not_read_are_told_early(server: S3Server, tmp_path: Path) -> None:
    objects = put(server, 130)
    server.faults["logs/"] = error("AccessDenied", "403 Forbidden")
    with pytest.raises(AwsFailed, match="can be listed, but its objects cannot be read"):
        fetch(server, objects, tmp_path / "spool")


def test_the_requester_pays(server: S3Server, tmp_path: Path) -> None:
    payers: list[str] = []
    objects = put(server, 1)
    server.faults["logs/"] = lambda _server, environ, _start: payers.append(environ["HTTP_X_AMZ_REQUEST_PAYER"])
    with closing(fetch_rounds(client(server.url), objects, tmp_path / "spool", request_payer=True)) as fetched:
        assert [one.failure for round_ in fetched for one in round_] == [None]
    assert payers == ["requester"]
