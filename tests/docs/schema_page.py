"""docs/schema.md: every table and column of a case, from the comments in its database.

python -m tests.docs.schema_page            # print it
python -m tests.docs.schema_page --write    # write it into docs/schema.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator

from forensics.answers.schema_answer import Table
from forensics.case import Case
from tests.conftest import SAMPLE_LOGS
from tests.docs.pages import DOCS

PAGE = DOCS / "schema.md"
RENEW = "python -m tests.docs.schema_page --write"
_HEAD = f"""# Schema

The tables and views of a case, those that a query begins with first. `forensics schema` prints the same of your case,
and [SQL](sql.md) shows how to ask them. Times are UTC. Made by `{RENEW}`.
"""


def page(tables: Iterable[Table]) -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(line for table in tables for line in _section(table))])


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"View: {table.meaning}\n" if table.is_view else f"{table.meaning[:1].upper()}{table.meaning[1:]}\n"
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {column.type} | {column.meaning.replace('|', chr(92) + '|')} |"
    yield ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write it into docs/schema.md")
    is_written = parser.parse_args().write
    with Case.from_logs(SAMPLE_LOGS) as case:
        text = page(case.schema())
    if is_written:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
