"""Terminals: colors can be turned off, and long answers go to a pager."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.output.terminal import progress_text
from tests.conftest import SAMPLE_LOGS
from tests.s3_server import BUCKET, S3Server
from tests.simulator import sample


def on_a_terminal(*arguments: object, lines: int = 24, **environment: str) -> str:
    """Return the output on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "forensics", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": str(lines), "PAGER": ""} | environment,
    ):
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    return shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A pager that saves its input."""
    script = tmp_path / "pager"
    script.write_text(f"#!/bin/sh\ncat > '{tmp_path}/page'\n")
    script.chmod(0o700)
    return script


def test_what_is_longer_than_the_screen_goes_to_the_pager(sample_case: Path, pager: Path) -> None:
    command = ("who", sample.DEEP_KEY, "--case", sample_case)
    whole = on_a_terminal(*command)
    assert "svc-deploy" in whole
    assert on_a_terminal(*command, lines=100, PAGER=str(pager)) == whole
    assert on_a_terminal(*command, PAGER=str(pager)) == ""
    assert pager.with_name("page").read_text() == whole.replace("\r\n", "\n")
    assert on_a_terminal(*command, PAGER="no-such-pager") == whole


def test_colors_can_be_turned_off(sample_case: Path) -> None:
    command = ("info", "--case", sample_case)
    assert "\x1b[1m" in on_a_terminal(*command)
    assert "\x1b" not in on_a_terminal(*command, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*command, TERM="dumb")


@pytest.mark.parametrize("command", ["events --format parquet", "events --format xlsx", "extract x --format raw"])
def test_what_may_hold_commands_for_a_terminal_does_not_reach_one(sample_case: Path, command: str) -> None:
    assert "cannot be shown on a screen; name a file: -o FILE" in on_a_terminal(*command.split(), "--case", sample_case)


@pytest.mark.parametrize(
    ("done", "text"),
    [
        ((0, 40, 0, 9_000_000, 0, 1.0), "0 of 40 files, 0.0 of 9.0 MB, 0 events/s"),
        (
            (1_200, 40_000, 10**9, 4 * 10**9, 500_000, 20.0),
            "1,200 of 40,000 files, 1.0 of 4.0 GB, 25,000 events/s, 0:01:00 left",
        ),
        ((2, 2, 900, 900, 30, 1.0), "2 of 2 files, 900 of 900 bytes, 30 events/s, finishing"),
        ((3, 12, 0, 0, 0, 2.0, "calls"), "3 of 12 calls, 0:00:06 left"),
        ((0, 0, 0, 0, 0, 0.0), "0 of 0 files, finishing"),
    ],
)
def test_the_text_of_progress(done: tuple[Any, ...], text: str) -> None:
    """The time left is estimated by bytes: the files of one region are many and small, those of another large."""
    assert progress_text(*done) == text


def test_progress_is_one_line_of_a_terminal_and_gone_in_the_end(tmp_path: Path) -> None:
    shown = on_a_terminal("ingest", SAMPLE_LOGS, "--case", tmp_path / "case")
    assert re.search(r"\d+ of 321 files, [\d.]+ of 1.0 MB, [\d,]+ events/s, (finishing|\d:\d\d:\d\d left)", shown)
    assert "\n" not in shown.partition("finishing")[0]
    assert "events/s" not in shown.rpartition("\x1b[2K")[2]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_listing_is_a_line_that_ends_before_anything_is_said(
    server: S3Server, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = next(SAMPLE_LOGS.rglob("*.json.gz"))
    server.put(path.relative_to(SAMPLE_LOGS).as_posix(), path.read_bytes())
    command = ("ingest", f"s3://{BUCKET}", "--endpoint-url", server.url, "--case", tmp_path / "case", *options)
    shown = on_a_terminal(*command)
    listed, _, then = shown.partition("1 object to fetch")
    assert "listing, 1 object so far" in listed
    assert "so far" not in listed.rpartition("\x1b[2K")[2] + then
