"""Markdown as a promise: the commands in a page run, and their output holds what the page says of it.

Works on any page. `forensics` commands are the lines of its `sh` blocks. A `text` block directly below shows output,
with `...` for lines left out. The answer to a block is the text from there to the next block or heading; its facts are
what can be looked up without reading English.
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

from tests.cli.run import run

CHECKOUT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?(.*?)(?=^```|^#|\Z)", re.MULTILINE | re.DOTALL)
_FACT = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\b(?P<key>A[KS]IA[A-Z0-9]{16})\b"
    r"|\b(?P<instance>i-[0-9a-f]{17})\b"
    r"|(?<![\d.])(?P<address>\d+\.\d+\.\d+\.\d+)(?![\d./])"
    r"|\b(?P<time>\d\d:\d\d(?::\d\d)?)\b"
    r"|(?<![\w./:-])(?P<number>\d{1,3}(?:,\d{3})+|\d{2,})(?![\w/:-]|\.\d)"
)
_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Example:
    """A block of commands, the lines that it shows of their output, and what the page says next."""

    page: str
    line: int
    commands: tuple[str, ...]
    shown: tuple[str, ...]
    answer: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Pasted:
    """How a command ended."""

    code: int
    out: str
    err: str


def blocks(page: Path) -> Iterator[Example]:
    """Yield the `sh` blocks of a page, with every line of each as a command."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        shown = tuple((block[2] or "").splitlines())
        yield Example(page.name, line, tuple(block[1].splitlines()), shown, block[3].strip())


def examples(page: Path) -> Iterator[Example]:
    """Yield the blocks of a page that hold `forensics` commands, with these commands alone."""
    for block in blocks(page):
        commands = tuple(command for command in block.commands if command.startswith("forensics "))
        if commands:
            yield Example(block.page, block.line, commands, block.shown, block.answer)


def facts(answer: str) -> list[str]:
    """Return the keys, addresses, times, numbers and `code` in a text."""
    return [match.group(match.lastgroup or 0) for match in _FACT.finditer(answer)]


def missing_facts(answer: str, output: str) -> list[str]:
    """Return the facts of an answer that are no words of the output; a time may go on with seconds and Z."""
    return [fact for fact in facts(answer) if not re.search(rf"(?<![\w.]){re.escape(fact)}(?![^\WZ])", output)]


def missing_lines(shown: tuple[str, ...], output: str) -> list[str]:
    """Return the shown lines that the output does not have in this order."""
    lines = iter(output.splitlines())
    return [line for line in shown if line != "..." and line not in lines]


def pasted(command: str, replace: Mapping[str, str]) -> Pasted:
    """Run a command as somebody who pastes it at the top of the checkout: in this process unless it needs a shell."""
    for old, new in replace.items():
        command = command.replace(old, new)
    words = shlex.split(command)
    if words[0] != "forensics" or any(word in ("<", ">", "|", "&&") for word in words):
        done = run_in_shell(command)
        return Pasted(done.returncode, done.stdout, done.stderr)
    ended = run(*words[1:], width=_WIDTH)
    return Pasted(ended.code, ended.out, ended.err)


def run_in_shell(command: str, replace: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell at the top of the checkout, after replacing parts of it."""
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
