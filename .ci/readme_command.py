"""The command in the Nth shell code block of the README: what is checked is what people paste."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_SHELL_BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def command(readme: str, number: int) -> str:
    blocks: list[str] = _SHELL_BLOCK.findall(readme)
    if len(blocks) < number:
        raise SystemExit(f"README.md has {len(blocks)} shell code blocks, no number {number}")
    lines = blocks[number - 1].splitlines()
    if len(lines) != 1:
        raise SystemExit(f"shell code block {number} of README.md should hold one command on one line")
    return lines[0]


if __name__ == "__main__":
    print(command(Path("README.md").read_text(encoding="utf-8"), int(sys.argv[1])))
