"""The rule that two records are about the same user, in Python and in SQL."""

from __future__ import annotations

import duckdb
import pytest

from forensics.investigate.same_user import is_same_user
from forensics.investigate.sql_rows import run


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("AIDA1", "ann"), ("AIDA1", "bob"), True),
        (("AIDA1", "ann"), ("AIDA2", "ann"), False),
        ((None, "ann"), ("AIDA1", "ann"), True),
        ((None, "ann"), ("AIDA1", "Ann"), True),
        ((None, "ann"), (None, "bob"), False),
        ((None, None), (None, None), False),
    ],
)
def test_ids_decide_where_both_are_known_and_names_otherwise(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], same: bool
) -> None:
    with duckdb.connect() as connection:
        run(connection, "same_user")
        found = connection.execute("select coalesce(same_user(?, ?, ?, ?), false)", [*one, *other]).fetchall()
    assert is_same_user(*one, *other) is is_same_user(*other, *one) is same
    assert found == [(same,)]
