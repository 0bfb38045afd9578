"""S3: trails are found in every layout, and only wanted folders are listed."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from forensics.errors import AwsFailed, NotAnS3Url, NothingFound
from forensics.sources.aws import Access, Aws, Client
from forensics.sources.s3 import Found, ObjectFilter, S3Object, find_objects
from forensics.sources.s3_url import S3Url, parse_url
from tests.s3_server import BUCKET, S3Server, error, times

A, B = "1" * 12, "2" * 12
ANYTHING = ObjectFilter()


def key(
    root: str, account: str = A, region: str = "eu-west-1", day: str = "2026/10/01", kind: str = "CloudTrail"
) -> str:
    return f"{root}{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{day.replace('/', '')}T0000Z_x.json.gz"


def found(server: S3Server, prefix: str = "", wanted: ObjectFilter = ANYTHING, bucket: str = BUCKET) -> Found:
    return find_objects(client(server.url), S3Url(bucket, prefix), wanted, lambda _: None)


@cache
def client(url: str) -> Client:
    return Aws(Access(endpoint_url=url)).client("s3")


def keys(found: Found) -> list[str]:
    return [one.key for one in found.objects]


@pytest.mark.parametrize(
    "root",
    ["AWSLogs/", "AWSLogs/o-abc123/", "o-abc123/AWSLogs/o-abc123/", "o-abc123/AWSLogs/", "my/own/prefix/AWSLogs/", ""],
)
def test_every_layout_is_found_from_the_top(server: S3Server, root: str) -> None:
    wanted = [key(root), key(root, B, "us-east-1"), key(root, kind="CloudTrail-Digest")]
    for name in wanted:
        server.put(name, b"x")
    assert sorted(keys(found(server))) == sorted(wanted)
    assert found(server).objects[-1] == S3Object(
        BUCKET, wanted[1], "9dd4e461268c8034f5c8564e155c67a6", 1, B, "us-east-1", date(2026, 10, 1)
    )


def test_each_page_is_told_of_while_it_is_listed(server: S3Server) -> None:
    for number in range(3):
        server.put(f"{key('AWSLogs/')}{number}", b"x")
    server.put(key("AWSLogs/", B), b"x")
    told: list[int] = []
    find_objects(client(server.url), S3Url(BUCKET, ""), ANYTHING, told.append)
    assert sorted(number for number in told if number) == [1, 3]


@pytest.mark.parametrize(
    "prefix",
    [
        "AWSLogs",
        "AWSLogs/",
        f"AWSLogs/{A}",
        f"AWSLogs/{A}/CloudTrail/eu-west-1",
        f"AWSLogs/{A}/CloudTrail/eu-west-1/2026/10",
    ],
)
def test_a_prefix_may_end_anywhere(server: S3Server, prefix: str) -> None:
    server.put(key("AWSLogs/"), b"x")
    assert keys(found(server, prefix)) == [key("AWSLogs/")]
    assert keys(found(server, key("AWSLogs/"))) == [key("AWSLogs/")]


def test_only_what_is_wanted_is_listed(server: S3Server) -> None:
    for account in (A, B):
        for region in ("eu-west-1", "us-east-1", "us-west-2"):
            for day in ("2026/09/30", "2026/10/01", "2026/10/02", "2026/10/03"):
                server.put(key("AWSLogs/", account, region, day), b"x")
    wanted = ObjectFilter(frozenset([A]), frozenset(["eu-west-1", "us-east-1"]), date(2026, 10, 1), date(2026, 10, 2))
    assert keys(found(server, "", wanted)) == [
        key("AWSLogs/", A, region, day) for day in ("2026/10/01", "2026/10/02") for region in ("eu-west-1", "us-east-1")
    ]


def test_what_is_no_trail_is_passed_over_and_told(server: S3Server) -> None:
    server.put(key("AWSLogs/"), b"x")
    server.put(f"AWSLogs/{A}/vpcflowlogs/eu-west-1/2026/10/01/x.gz", b"x")
    server.put("app/data.json", b"x")
    server.put("loose.json", b"x")
    both = found(server)
    assert keys(both) == [key("AWSLogs/")]
    assert both.passed_over == [f"AWSLogs/{A}/vpcflowlogs/", "app/", "loose.json"]


def test_without_a_layout_everything_below_is_taken(server: S3Server) -> None:
    for name in ("copies/a.json.gz", "copies/deep/er/b.json", "other/c.json"):
        server.put(name, b"x")
    server.put("copies/folder/", b"")
    assert keys(found(server, "copies/")) == ["copies/a.json.gz", "copies/deep/er/b.json"]


def test_objects_come_in_the_order_of_days(server: S3Server) -> None:
    names = [key("AWSLogs/", account, day=day) for day in ("2026/10/01", "2026/10/02") for account in (A, B)]
    for name in reversed(names):
        server.put(name, b"x")
    assert keys(found(server)) == names


def test_more_than_a_page_is_listed(server: S3Server) -> None:
    for number in range(1_100):
        server.put(f"AWSLogs/{A}/CloudTrail/eu-west-1/2026/10/01/{number:04}.json", b"")
    assert len(found(server).objects) == 1_100


def test_nothing_is_told(server: S3Server) -> None:
    server.put(f"AWSLogs/{A}/vpcflowlogs/x.gz", b"x")
    with pytest.raises(NothingFound, match="no objects of a trail found below s3://trail-logs/; skipped AWSLogs/1"):
        found(server)
    with pytest.raises(NothingFound, match="check --account"):
        found(server, "", ObjectFilter(frozenset([B])))


def test_a_bucket_that_is_not_there(server: S3Server) -> None:
    with pytest.raises(AwsFailed, match="cannot list s3://nowhere/: the bucket does not exist"):
        found(server, bucket="nowhere")


def test_a_busy_server_is_asked_again(server: S3Server) -> None:
    server.put(key("AWSLogs/"), b"x")
    server.faults["*"] = times(2, error("SlowDown", "503 Slow Down"))
    assert keys(found(server)) == [key("AWSLogs/")]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "have expired; renew"),
        ("AccessDenied", "access is denied"),
        ("InvalidAccessKeyId", "not recognize these"),
    ],
)
def test_refused_credentials_are_told(server: S3Server, code: str, told: str) -> None:
    server.faults["*"] = error(code, "403 Forbidden")
    with pytest.raises(AwsFailed, match=told):
        found(server)


def test_no_credentials(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(AwsFailed, match="no AWS credentials found"):
        find_objects(Aws(Access(endpoint_url=server.url)).client("s3"), S3Url(BUCKET, ""), ANYTHING, lambda _: None)


@pytest.mark.parametrize("text", ["s3://", "s3:///x", "s3://Bucket/x", "s3://a b/x"])
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(NotAnS3Url, match="s3://BUCKET"):
        parse_url(text)


def test_a_url_names_bucket_and_prefix() -> None:
    assert parse_url("s3://my-logs/a/b") == S3Url("my-logs", "a/b")
    assert str(parse_url("s3://my-logs")) == "s3://my-logs/"
