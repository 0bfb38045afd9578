"""The table of issuers in docs/attribution.md is the one that the simulator and the product make now."""

from __future__ import annotations

import pytest

from tests.issuers_table import in_page, table


@pytest.fixture(scope="module")
def made() -> str:
    return table()


def test_the_page_shows_the_table_that_is_made(made: str) -> None:
    assert in_page() == made, "python -m tests.issuers_table --write"


def test_an_issuance_that_is_documented_only_names_nobody(made: str) -> None:
    rows = [line.strip("| ").split(" | ") for line in made.splitlines()]
    documented = [row for row in rows if row[-1] == "yes"]
    assert {row[0] for row in documented} == {"AssumeRole/credentials.iot", "GetDelegatedAccessToken"}
    # the record of each of its calls names a delegate, whatever issued the session
    assert {row[2] for row in documented} == {"unknown", "delegate"}
