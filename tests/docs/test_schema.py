"""docs/schema.md is what a case says of its tables now."""

from __future__ import annotations

from pathlib import Path

from forensics.case import Case
from tests.docs.schema_page import PAGE, RENEW, page


def test_the_page_is_up_to_date(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        assert page(case.schema()) == PAGE.read_text(encoding="utf-8"), RENEW
