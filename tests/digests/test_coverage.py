"""Verified hours: told from hours that are merely present, and what is not in them was not delivered there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.case import Case
from tests.attribution.records import START, Account, call
from tests.cli.run import run
from tests.digests.delivered import log_file
from tests.simulator.digests import HOUR, Chain, TrailOfDigests, chain, signer, write_keys, write_objects

AWS = Account("111111111111")
ALICE, KEY, LATE_KEY = AWS.user("alice"), AWS.key("K"), AWS.key("L")
SESSION = AWS.role("deploy").session("build", 2.5 * 3600, KEY)
LATE = AWS.role("deploy").session("build", 9.5 * 3600, LATE_KEY)


def hours() -> Chain:
    """Ten hours from the start on, of which some have an event; two sessions whose issuance is in none of them."""
    records = {
        0: [call(ALICE.signs(), 60)],
        4: [call(SESSION, 4 * 3600 + 60)],
        9: [call(LATE, 9.6 * 3600)],
    }
    trail = TrailOfDigests(AWS.id, "us-east-1")
    return chain(tuple(int(hour in records) for hour in range(10)), trail, start=START, records=records)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("hours")
    write_objects(hours().objects, folder / "logs", heads=[hours().digests[-1]])
    write_keys(folder / "logs", signer())
    with Case.create(folder / "case") as made:
        made.ingest([folder / "logs"])
        yield made


def spans(case: Case) -> list[tuple[int, int, str, bool]]:
    start = START.replace(tzinfo=None)
    found = case.coverage().spans
    return [((one.from_ - start) // HOUR, (one.to - start) // HOUR, one.state, one.verified) for one in found]


def test_hours_that_are_verified_are_told_from_those_that_are_present(case: Case) -> None:
    assert spans(case) == [
        (0, 1, "loaded", True),
        (1, 4, "empty", True),
        (4, 5, "loaded", True),
        (5, 9, "empty", True),
        (9, 10, "loaded", False),  # the hour after it has no digest yet
    ]


def test_an_issuance_that_is_not_in_a_verified_hour_was_not_delivered_there(case: Case) -> None:
    assert [one.why for one in case.who(KEY).missing] == ["not_delivered"]
    assert [one.why for one in case.who(LATE_KEY).missing] == ["hour_incomplete"]


def test_the_map_tells_how_much_is_proven(case: Case) -> None:
    folder = case.info().case
    done = run("coverage", "--case", folder, width=80)
    assert "✓ 90%" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert run("coverage", "--case", folder, "--format", "csv").out.splitlines()[1].endswith(",1,loaded,true")


@pytest.mark.parametrize("category", ["Data", "Management"])
def test_digests_of_a_trail_of_data_events_verify_no_hour(category: str, tmp_path: Path) -> None:
    """They do not show that a management event, such as an issuance or an activation, is not missing."""
    read = [call(ALICE.signs(), hour * 3600 + 60, eventCategory=category) for hour in (0, 9)]
    trail = TrailOfDigests(AWS.id, "us-east-1")
    listed = chain(
        tuple(int(hour in (0, 9)) for hour in range(10)), trail, start=START, records={0: read[:1], 9: read[1:]}
    )
    write_objects(listed.objects, tmp_path / "logs" / "data", heads=[listed.digests[-1]])
    write_keys(tmp_path / "logs" / "data", signer())
    off = {"userName": "alice", "accessKeyId": ALICE.key, "status": "Inactive"}
    session = AWS.role("deploy").session("build", 2.5 * 3600, KEY)
    change = call(
        AWS.user("admin").signs(), 60, source="iam.amazonaws.com", name="UpdateAccessKey", requestParameters=off
    )
    # of another trail, without digests
    write_objects([log_file([change, call(session, 2.6 * 3600)], 700, root="org/AWSLogs/")], tmp_path / "logs" / "org")
    with Case.create(tmp_path / "case") as made:
        made.ingest([tmp_path / "logs"])
        (key,) = made.tree(ALICE.key, at=START + 8 * HOUR).nodes
        assert any(verified for *_, verified in spans(made)) is (category == "Management")
        assert key.valid_at is (False if category == "Management" else None)
        assert ("not_delivered" in [one.why for one in made.who(KEY).missing]) is (category == "Management")


def test_a_log_that_is_missing_proves_no_hour_around_it(tmp_path: Path) -> None:
    gone = hours().logs[4][0]
    write_objects([one for one in hours().objects if one != gone], tmp_path / "logs", heads=[hours().digests[-1]])
    write_keys(tmp_path / "logs", signer())
    with Case.create(tmp_path / "case") as made:
        made.ingest([tmp_path / "logs"])
        assert [(start, end) for start, end, _, verified in spans(made) if verified] == [(0, 1), (1, 3), (5, 9)]
