"""Where a workload's credential was used from: classes of addresses, and when that shows that it was taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.addresses import parse_address
from forensics.answers.core import AddressClass
from forensics.answers.triage_answer import Signal, Triage
from forensics.answers.who_answer import UsedFrom, Workload
from forensics.case import Case
from forensics.errors import NotIpRanges
from forensics.investigate.ip_ranges import IpRanges, read_ip_ranges
from forensics.investigate.workloads import workload
from tests.attribution.records import Account, assume_role, call, service
from tests.cases import case_of_records
from tests.simulator import sample

RANGES = json.dumps(
    {
        "syncToken": "1",
        "prefixes": [
            {"ip_prefix": "52.0.0.0/8", "region": "us-east-1", "service": "AMAZON"},
            {"ip_prefix": "52.9.0.0/16", "region": "us-west-1", "service": "EC2"},
            {"ip_prefix": "99.77.0.0/16", "region": "GLOBAL", "service": "AMAZON"},
        ],
        "ipv6_prefixes": [{"ipv6_prefix": "2600:1f00::/24", "region": "eu-west-1", "service": "EC2"}],
    }
).encode()
HOME, NAT, WEST, STRANGER, OTHER = "10.0.0.5", "52.1.2.3", "52.9.1.1", "192.0.2.44", "198.51.100.9"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def used(*uses: tuple[str, int, int], ranges: bool = False) -> Workload:
    """`uses`: an address, and the minutes of its first and its last use."""
    rows = [
        UsedFrom(
            address=address,
            class_=AddressClass.OTHER,
            aws_region=None,
            first_use=NOON + timedelta(minutes=first),
            last_use=NOON + timedelta(minutes=last),
            events=2,
            first_event_id=f"{address} {first}",
            last_event_id=f"{address} {last}",
        )
        for address, first, last in sorted(uses, key=lambda use: use[1])
    ]
    return workload("ASIAX", rows, "us-east-1", IpRanges(RANGES) if ranges else None)


@pytest.mark.parametrize(
    ("address", "kind", "region"),
    [
        ("10.1.2.3", "private", None),
        ("100.64.0.1", "private", None),
        ("fd00::1", "private", None),
        ("192.0.2.1", "other", None),
        ("AWS Internal", "aws_service", None),
        ("cloudformation.amazonaws.com", "aws_service", None),
        ("ec2.cn-north-1.amazonaws.com.cn", "aws_service", None),
        ("999.1.1.1", "other", None),
        ("52.1.2.3", "aws_region", "us-east-1"),
        ("52.9.2.3", "aws_region", "us-west-1"),
        ("2600:1f00::5", "aws_region", "eu-west-1"),
        ("53.1.2.3", "other", None),
    ],
)
def test_the_class_of_an_address(address: str, kind: str, region: str | None) -> None:
    (one,) = used((address, 0, 1), ranges=True).addresses
    assert (one.class_, one.aws_region) == (kind, region)
    (without,) = used((address, 0, 1)).addresses
    assert without.class_ == ("other" if kind == "aws_region" else kind)


@pytest.mark.parametrize(
    ("uses", "with_ranges", "without"),
    [
        ([(HOME, 0, 9)], False, None),
        ([(HOME, 0, 9), ("s3.amazonaws.com", 2, 3)], False, None),
        ([(HOME, 0, 9), (NAT, 2, 3)], False, True),  # only the list tells a gateway of AWS's
        ([(HOME, 0, 9), (STRANGER, 2, 3)], True, True),
        ([(HOME, 0, 9), (STRANGER, 9, 11)], True, True),
        ([(HOME, 0, 9), (STRANGER, 10, 11)], None, None),  # not while it was used at home
        ([(HOME, 0, 9), (WEST, 2, 3)], True, True),
        ([(NAT, 0, 9), (WEST, 2, 3)], True, None),
        ([(HOME, 0, 9), ("99.77.1.1", 2, 3)], None, True),
        ([(OTHER, 0, 9), (STRANGER, 2, 3)], True, None),  # a function's own addresses look like that
        ([(HOME, 0, 9), ("999.1.1.1", 2, 3)], None, None),
        ([("AWS Internal", 0, 9)], False, None),
        ([], False, None),
    ],
)
def test_used_elsewhere(uses: list[tuple[str, int, int]], with_ranges: bool | None, without: bool | None) -> None:
    assert used(*uses, ranges=True).used_elsewhere is with_ranges
    assert used(*uses).used_elsewhere is without


AT_HOME_AND_ELSEWHERE = [
    ((HOME, 0, 9), (STRANGER, 2, 3)),
    ((HOME, 0, 9), (STRANGER, 10, 11)),
    ((STRANGER, 0, 9), (HOME, 2, 3)),
    (("100.64.0.1", 0, 9), (STRANGER, 9, 10)),
    (("FD00::1", 0, 9), ("2600:1f00::5", 2, 3)),
    ((HOME, 0, 9), ("10.9.9.9", 2, 3), ("999.1.1.1", 3, 4)),
    (("s3.amazonaws.com", 0, 1), (HOME, 2, 9), (STRANGER, 3, 4)),
    ((OTHER, 0, 9), (STRANGER, 2, 3)),
]


def test_who_key_and_the_saved_query_agree(tmp_path: Path) -> None:
    """Each set of uses is of one instance, whose session then requests a session that is used from anywhere."""
    aws = Account("111111111111")
    role, next_role = aws.role("web"), aws.role("next")
    for number, uses in enumerate(AT_HOME_AND_ELSEWHERE):
        name, start = f"i-{number}", number * 10_000
        session = role.session(name, start, aws.key(f"K{number}"))
        onward = next_role.session(name, start + 61, aws.key(f"N{number}"))
        ec2, key, next_key = service("ec2.amazonaws.com"), aws.key(f"K{number}"), aws.key(f"N{number}")
        aws.log(assume_role(ec2, role, name, start, issues=key, tells_session=False))
        aws.log(assume_role(session, next_role, name, start + 61, issues=next_key, sourceIPAddress="AWS Internal"))
        aws.log(call(onward, start + 70, sourceIPAddress=HOME), call(onward, start + 70, sourceIPAddress=STRANGER))
        aws.log(
            *(
                call(session, start + 60 * minute, sourceIPAddress=address)
                for address, first, last in uses
                for minute in (first, last)
            )
        )
    with case_of_records(aws.records, tmp_path) as case:
        keys = [aws.key(f"K{number}") for number, _ in enumerate(AT_HOME_AND_ELSEWHERE)]
        by_who = {key for key in keys if (found := case.who(key).workload) and found.used_elsewhere}
        by_key = {key for key in keys if (found := case.key(key).who.workload) and found.used_elsewhere}
        listed = {row[2] for row in case.query_rows("workload_used_elsewhere", {}).rows}
    assert by_who == by_key == listed == {keys[number] for number in (0, 3, 4, 6)}


@pytest.mark.parametrize(("uses", "with_ranges", "without"), [((NAT,), False, True), ((WEST,), True, True)])
def test_triage_knows_addresses_of_aws(tmp_path: Path, uses: tuple[str], with_ranges: bool, without: bool) -> None:
    aws, ranges = Account("111111111111"), tmp_path / "ip-ranges.json"
    ranges.write_bytes(RANGES)
    role, key = aws.role("web"), aws.key("K")
    session, ec2 = role.session("i-1", 0, key), service("ec2.amazonaws.com")
    aws.log(assume_role(ec2, role, "i-1", 0, issues=key, tells_session=False))
    aws.log(
        *(call(session, 10 * second, sourceIPAddress=address) for second, address in enumerate((HOME, *uses, HOME)))
    )
    with case_of_records(aws.records, tmp_path / "case") as case:
        assert _tells_elsewhere(case.triage()) is without
        assert _tells_elsewhere(case.triage(ip_ranges=ranges)) is with_ranges


def _tells_elsewhere(answer: Triage) -> bool:
    return any(reason.signal == Signal.WORKLOAD_ELSEWHERE for lead in answer.leads for reason in lead.reasons)


def test_both_events_are_cited() -> None:
    assert used((HOME, 0, 9), (STRANGER, 2, 3)).event_ids == (f"{STRANGER} 2", f"{HOME} 9")
    assert used((HOME, 0, 9)).event_ids == ()


def test_the_stolen_credential_of_the_sample(sample_case: Path, tmp_path: Path) -> None:
    ranges = tmp_path / "ip-ranges.json"
    ranges.write_bytes(RANGES)
    with Case.open(sample_case) as case:
        for found in (case.who(sample.STOLEN_WORKLOAD_KEY), case.who(sample.STOLEN_WORKLOAD_KEY, ip_ranges=ranges)):
            assert found.workload and found.workload.used_elsewhere is True
            assert [one.address for one in found.workload.addresses] == ["10.0.12.7", "192.0.2.44"]
            home, away = found.workload.addresses
            assert set(found.workload.event_ids) == {away.first_event_id, home.last_event_id}
        assert case.who(sample.DEEP_KEY).workload is None


def test_the_list_names_itself_in_the_answer_and_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "ip-ranges.json"
    path.write_bytes(RANGES)
    one = read_ip_ranges(path)
    assert one is read_ip_ranges(str(path)) and read_ip_ranges(None) is None
    assert used((HOME, 0, 1), ranges=True).ip_ranges_sha256 == (one and one.sha256)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"prefixes": [{"ip_prefix": "1", "region": "x"}]}', b"\xff"])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(NotIpRanges, match=r"ip-ranges\.json"):
        IpRanges(content)


def test_a_prefix_that_names_two_regions_is_nowhere() -> None:
    prefixes = [{"ip_prefix": "1.0.0.0/8", "region": region} for region in ("us-east-1", "eu-west-1")]
    address = parse_address("1.2.3.4")
    assert address and IpRanges(json.dumps({"prefixes": prefixes}).encode()).region_of(address) == "GLOBAL"
