"""The table of issuers in docs/attribution.md: by which rule each credential is linked, and where its walk ends.

    python -m tests.issuers_table            # print it
    python -m tests.issuers_table --write    # put it into the page

Played by the simulator, all ways to get a credential, and read from what the product answers on the complete logs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.accuracy import EVENTS
from tests.attribution.test_truth import Said, compared
from tests.cases import case_of
from tests.simulator import World, simulate

PAGE = Path(__file__).parent.parent / "docs" / "attribution.md"
BEGIN = "<!-- issuers: made by `python -m tests.issuers_table --write` -->"
END = "<!-- end of issuers -->"
SEEDS = range(12)
HEAD = ("handed out by", "rule: grade", "actor", "stop reason", "documented only")


@dataclass
class Row:
    """What was answered about the credentials of one issuer."""

    links: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    documented_only: bool = False

    def cells(self) -> tuple[str, str, str, str]:
        return _listed(self.links), _listed(self.kinds), _listed(self.reasons), "yes" if self.documented_only else ""


def table() -> str:
    """The table as Markdown, one row an issuer."""
    rows: defaultdict[str, Row] = defaultdict(Row)
    worlds = [simulate(seed=seed, events=EVENTS, everything=True) for seed in SEEDS]
    files = [file for world in worlds for file in world.files]
    with tempfile.TemporaryDirectory() as folder, case_of(files, Path(folder)) as case:
        said = Said(case)
        for world in worlds:
            _read(said, world, rows)
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    lines += [_line([issuer, *row.cells()]) for issuer, row in sorted(rows.items(), key=lambda item: item[0].lower())]
    return "\n".join(lines)


def in_page() -> str:
    """The table that the page shows."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def _read(said: Said, world: World, rows: defaultdict[str, Row]) -> None:
    for expected, named in compared(said, world, world.files):
        row = rows[expected.issuer]
        row.documented_only |= expected.documented_only
        row.kinds.add(named.actor[0])
        row.reasons.add(named.stop_reason)
        if named.rule:
            row.links.add(f"{named.rule}: {named.rule_grade}")
        elif not named.is_unknown:
            row.links.add(f"the record itself: {named.grade}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put it into the page")
    made = table()
    if not parser.parse_args().write:
        print(made)
        return 0
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
