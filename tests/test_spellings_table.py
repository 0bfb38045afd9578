"""The table of exports in docs/formats.md is that of the spellings that are tested."""

from __future__ import annotations

from tests.spellings.catalogue import SPELLINGS
from tests.spellings_table import PAGE, in_page, table


def test_the_page_shows_every_spelling() -> None:
    assert in_page() == table(), "python -m tests.spellings_table --write"
    assert len(table().splitlines()) == len(SPELLINGS) + 2
    assert f"lists {len(SPELLINGS)} exports" in (PAGE.parent.parent / "CHANGELOG.md").read_text()
