"""Rows as an Excel workbook: text is text, times are times, and truncation is reported."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest

from forensics.answers.rows_answer import Rows
from forensics.errors import CannotWrite
from forensics.output import xlsx

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def sheet(rows: Rows) -> str:
    with zipfile.ZipFile(io.BytesIO(xlsx.to_xlsx(rows))) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def texts(xml: str) -> list[str]:
    return re.findall(r'<c r="\w+"[^>]*t="inlineStr"><is><t[^>]*>(.*?)</t>', xml, re.DOTALL)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "=1+1"),
        ("\t=1+1", "\\t=1+1"),
        ("{=1}", "{=1}"),
        ("https://evil.example", "https://evil.example"),
        ("012345678901", "012345678901"),
        ("\x1b\u202e</t><f>1</f>", "\\x1b\\u202e&lt;/t&gt;&lt;f&gt;1&lt;/f&gt;"),
    ],
)
def test_text_is_text_whatever_it_looks_like(text: str, shown: str) -> None:
    xml = sheet(Rows((text,), ((text,),), 1))
    assert texts(xml) == [shown, shown]
    assert "<f>" not in xml and "hyperlink" not in xml


def test_numbers_and_times_can_be_reckoned_with() -> None:
    xml = sheet(Rows(("number", "time", "day", "exact", "none"), ((-1.5, NOON, date(2026, 10, 1), 2**60, None),), 1))
    assert re.findall(r"<v>(.*?)</v>", xml) == ["-1.5", "46296.5"]
    assert texts(xml)[5:] == ["2026-10-01", str(2**60)]


def test_a_cell_that_is_too_short_is_cut_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    (_, cut) = texts(sheet(Rows(("a",), (("x" * 100_000,),), 1)))
    assert len(cut) == 32_767 and cut.endswith("x... (cut)")
    assert "1 cell truncated to XLSX's limit" in capsys.readouterr().err


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_MOST_ROWS", 1)
    with pytest.raises(CannotWrite, match="parquet"):
        xlsx.to_xlsx(Rows(("a",), ((1,), (2,)), 2))
