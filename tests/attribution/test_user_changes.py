"""A change of a user is of that user alone who surely had the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import Account, Json, call
from tests.cases import case_of_records

RENAMED = ("UpdateUser", {"userName": "alice", "newUserName": "bob"})
TAKES_THE_NAME = ("UpdateUser", {"userName": "mallory", "newUserName": "alice"})
DELETED = ("DeleteUser", {"userName": "alice"})
ANOTHER_DELETED = ("DeleteUser", {"userName": "dave"})


@pytest.mark.parametrize(
    ("in_one_second", "is_known"),
    [
        ([RENAMED], [True]),
        ([DELETED], [True]),
        ([DELETED, ANOTHER_DELETED], [True, False]),
        ([RENAMED, DELETED], [False, False]),
        ([RENAMED, TAKES_THE_NAME, DELETED], [False, False, False]),
    ],
)
def test_what_happened_in_the_second_that_took_a_name_away(
    tmp_path: Path, in_one_second: list[tuple[str, Json]], is_known: list[bool]
) -> None:
    aws = Account("111111111111")
    admin, alice = aws.user("admin").signs(), aws.user("alice")
    done = [
        call(admin, 10, source="iam.amazonaws.com", name=name, requestParameters=request)
        for name, request in in_one_second
    ]
    with case_of_records([call(alice.signs(), 0), *done], tmp_path) as case:
        found = case.sql_rows("select event_id, user_principal_id from user_changes join events using (event_key)")
    user_of = dict(found.rows)
    assert [user_of[record["eventID"]] for record in done] == [alice.id if known else None for known in is_known]
