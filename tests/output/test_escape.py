"""Attacker-controlled text is harmless on every screen."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.files.path_text import as_text
from forensics.output.escape import cell, for_screen, for_spreadsheet, for_terminal, without_secrets


def test_a_byte_of_a_path_that_is_not_utf_8_is_shown_as_in_the_manifest() -> None:
    path = os.fsdecode(b"/logs/\xff.json")
    assert for_terminal(path) == as_text(path) == "/logs/\\xff.json"


@given(st.text(st.characters()))
def test_nothing_invisible_reaches_a_terminal(text: str) -> None:
    shown = for_terminal(text)
    assert {unicodedata.category(c) for c in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\x00", "a\\nb\\x00"),
        ("\u202eevil", "\\u202eevil"),
        ("[bold]José 日本[/]", "[bold]José 日本[/]"),
    ],
)
def test_what_is_visible_stays_as_it_is(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"])
def test_a_formula_becomes_text(start: str) -> None:
    (shown,) = for_spreadsheet([f"{start}cmd|' /C calc'!A0"])
    assert shown.startswith("'")
    assert shown.isprintable()


def test_numbers_stay_numbers() -> None:
    assert for_spreadsheet([-1, -1.5, True, None, "x"]) == ["-1", "-1.5", "true", "", "x"]


def test_cells_are_utc_and_lose_nothing() -> None:
    moment = datetime(2026, 10, 4, 2, 24, 19)  # noqa: DTZ001 - as the database returns it
    assert cell(moment) == cell(moment.replace(tzinfo=UTC)) == "2026-10-04T02:24:19Z"
    assert cell(moment.replace(tzinfo=timezone(timedelta(hours=2)))) == "2026-10-04T00:24:19Z"
    assert cell(moment.replace(microsecond=5)) == "2026-10-04T02:24:19.000005Z"
    assert cell(date(2026, 10, 4)) == "2026-10-04"
    assert cell(b"\x00\xff") == "00ff"


def test_secrets_are_taken_out() -> None:
    assert without_secrets("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!") == "got [hidden]!"
    assert without_secrets("ASIAZNW342S3J6ZQNFX7") == "ASIAZNW342S3J6ZQNFX7"


def test_a_value_on_a_screen_loses_its_middle_and_keeps_both_ends() -> None:
    arn = "arn:aws:iam::111122223333:role/" + "x" * 64
    assert for_screen(f"called {arn}") == f"called {arn}"
    cut = for_screen("begin" + "x" * 20_000 + "end, and more")
    assert cut.startswith("beginxxx") and "…" in cut and cut.endswith("xxxend, and more") and len(cut) < 400
    assert len(for_screen("a b " * 10_000)) <= 4_000
    assert "\x1b" not in for_screen("\x1b[2J" * 5_000)
