"""The table of exports in docs/formats.md: for each product how to export, the grade within reach, and what is lost.

    python -m tests.spellings_table            # print it
    python -m tests.spellings_table --write    # put it into the page

Made from the spellings in tests/spellings, which test that each is read so.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.spellings.catalogue import MODULES, SPELLINGS
from tests.spellings.spelling import Reach, Spelling

PAGE = Path(__file__).parent.parent / "docs" / "formats.md"
BEGIN = "<!-- exports: made by `python -m tests.spellings_table --write` -->"
END = "<!-- end of exports -->"
RESULT = {
    Reach.SAME: "proven",
    Reach.MEDIUM: "medium",
    Reach.MIXED: "proven, or medium",
    Reach.LIMITED: "medium",
    Reach.REFUSED: "not read",
}
_SOURCE = re.compile(r"https://\S+")


def table() -> str:
    """The table as Markdown, one row a spelling, by family of products."""
    lines = ["| product | export | grade | lost | source |", "|---|---|---|---|---|"]
    for module in MODULES:
        lines += [_line(_family(module), spelling) for spelling in _of(module)]
    return "\n".join(lines)


def in_page() -> str:
    """The table that the page shows."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def _of(module: ModuleType) -> Iterator[Spelling]:
    return (spelling for spelling in SPELLINGS.values() if spelling.write.__module__ == module.__name__)


def _family(module: ModuleType) -> str:
    return (module.__doc__ or "").partition(":")[0]


def _line(family: str, spelling: Spelling) -> str:
    text = " ".join((inspect.getdoc(spelling.write) or "").split())
    source = _SOURCE.search(text)
    how = re.split(r"(?<=[^.][.:])\s", text[: source.start()] if source else text)[0].strip().rstrip(".:")
    lost = spelling.why if spelling.reach == Reach.LIMITED else _LOST[spelling.reach]
    link = f"[source]({source.group().rstrip('.')})" if source else ""
    return f"| {family} | {_cell(how)} | {RESULT[spelling.reach]} | {_cell(lost)} | {link} |"


_LOST = {
    Reach.SAME: "",
    Reach.MEDIUM: "the bytes of the record",
    Reach.MIXED: "the bytes of the records with a block as text",
    Reach.LIMITED: "",
    Reach.REFUSED: "everything; the reason names what to export instead",
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Print the table, or put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put it into docs/formats.md")
    if not parser.parse_args().write:
        print(table())
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
