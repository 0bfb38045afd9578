"""Lines fold at spaces only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forensics.output.lines import Line, cells, cut, lay_out, line, table

EVENT = "237177ec-96c4-44db-9998-0500a3791ad0"
HANGING = 4  # indentation of the further rows of a line with an indent of two
WORDS = st.lists(st.text("abc-:/", min_size=1, max_size=50), min_size=1, max_size=20)


@given(WORDS, st.integers(min_value=10, max_value=100))
def test_no_word_is_broken_and_no_space_trails(words: list[str], width: int) -> None:
    rows = lay_out([line(" ".join(words), indent=2)], width).splitlines()
    assert [word for row in rows for word in row.split()] == words
    for row in rows:
        assert row == row.rstrip()
        assert cells(row) <= max(width, HANGING + max(cells(word) for word in row.split()))


def test_a_date_and_its_time_stay_together() -> None:
    assert lay_out([line("expires 2026-10-05 16:59:54Z")], 20) == "expires\n  2026-10-05 16:59:54Z\n"


def test_without_a_width_nothing_folds() -> None:
    assert lay_out([line("a " * 500)], None) == "a " * 499 + "a\n"


def test_it_goes_on_under_its_own_guide() -> None:
    content = Line(((f"event {EVENT}", ""),), "└─ ", "   │ ")
    assert lay_out([content], 40) == f"└─ event\n   │ {EVENT}\n"


def test_color_is_only_added() -> None:
    content = line(("bold", "bold"), " plain")
    assert lay_out([content], 80) == "bold plain\n"
    assert lay_out([content], 80, color=True) == "\x1b[1mbold\x1b[0m plain\n"


def test_every_part_is_made_harmless() -> None:
    assert "\x1b" not in lay_out([line("\x1b[31m", ("\x1b]8;;http://x\x07", "bold"))], 80)


def test_a_table_puts_numbers_right_and_ids_left() -> None:
    shown = lay_out(table(("account", "n", "why"), [("647927485622", "1", "x"), ("704560302692", "1,000", "y z")]), 80)
    assert shown.splitlines() == [
        "  account           n  why",
        "  647927485622      1  x",
        "  704560302692  1,000  y z",
    ]


def test_wide_characters_count_twice() -> None:
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


def test_a_huge_cell_does_not_make_every_row_huge() -> None:
    shown = lay_out(table(("name", "more"), [("x" * 100_000, "a"), ("b", "c")]), 80)
    assert len(shown) < 5_000 and "…" in shown
