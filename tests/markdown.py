"""Markdown as a promise: the commands in a page run, and what the page says of their output is in it.

Works on any page: `forensics` commands are the lines of its `sh` blocks, and the answer to a block is the text from
there to the next block or heading. Facts of an answer are what can be looked up without reading English.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```sh\n(.*?)^```\n(.*?)(?=^```|^#|\Z)", re.MULTILINE | re.DOTALL)
_FACT = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\b(?P<key>A[KS]IA[A-Z0-9]{16})\b"
    r"|\b(?P<instance>i-[0-9a-f]{17})\b"
    r"|(?<![\d.])(?P<address>\d+\.\d+\.\d+\.\d+)(?![\d./])"
    r"|\b(?P<time>\d\d:\d\d(?::\d\d)?)\b"
    r"|(?<![\w./:-])(?P<number>\d{1,3}(?:,\d{3})+|\d{2,})(?![\w/:-]|\.\d)"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of commands and what the page says next."""

    page: str
    line: int
    commands: tuple[str, ...]
    answer: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """The blocks of a page that hold `forensics` commands."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        commands = tuple(line for line in block.group(1).splitlines() if line.startswith("forensics "))
        if commands:
            yield Example(page.name, text.count("\n", 0, block.start()) + 2, commands, block.group(2).strip())


def facts(answer: str) -> list[str]:
    """Keys, addresses, times, numbers and `code` in a text."""
    return [match.group(match.lastgroup or 0) for match in _FACT.finditer(answer)]


def missing_facts(answer: str, output: str) -> list[str]:
    """The facts of an answer that are not in the output as words of their own; a time may go on with seconds and Z."""
    return [fact for fact in facts(answer) if not re.search(rf"(?<![\w.]){re.escape(fact)}(?![^\WZ])", output)]


def run_in_shell(command: str, replace: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody who pastes it at the top of the checkout, after replacing parts of it."""
    for old, new in (replace or {}).items():
        command = command.replace(old, new)
    shim = f'forensics() {{ {shlex.quote(sys.executable)} -m forensics "$@"; }}\n'
    # readline, once a library loads it, adds a width of its own, which a worker of pytest's hands on
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return subprocess.run(
        ["bash", "-c", shim + command],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
