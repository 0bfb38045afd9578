"""Undated: a file whose records lack a readable time is listed among those that were only partly read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import Account, Json, call
from tests.cases import case_of_records
from tests.cli.run import run

ALICE = Account("111111111111").user("alice")


def at(time: object, second: int) -> Json:
    return call(ALICE.signs(), second) | {"eventTime": time}


@pytest.mark.parametrize("time", ["Mar 6, 2026 @ 10:35:57.000", "06.03.2026 10:35", "3/6/2026 10:35", None])
@pytest.mark.parametrize("dated", [0, 1])
def test_a_file_with_undated_records_is_listed_and_read(time: object, dated: int, tmp_path: Path) -> None:
    records = [at(time, 1), *(call(ALICE.signs(), 2) for _ in range(dated))]
    with case_of_records(records, tmp_path / "made") as case:
        (file,) = case.info().unread
        assert case.info().undated == 1
    assert (file.status, file.reason) == ("undated", f"1 of its {1 + dated} records have no readable time")
    done = run("ingest", tmp_path / "made" / "logs", "--case", tmp_path / "case")
    assert (done.code, file.reason in done.out) == (0, True)


def test_a_file_with_other_damage_is_partly_read(tmp_path: Path) -> None:
    with case_of_records([at(None, 1), call(ALICE.signs(), 2) | {"userIdentity": []}], tmp_path) as case:
        (file,) = case.info().unread
    assert file.status == "ok"
    assert "the identity in 1 of its records" in file.reason and "no readable time" in file.reason
