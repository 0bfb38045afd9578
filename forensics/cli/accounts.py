"""forensics accounts"""

from __future__ import annotations

from forensics.cli.options import RowsFormat
from forensics.cli.question import Question, question


@question(RowsFormat)
def accounts(asked: Question) -> None:
    """List the accounts that are known.

    By their names in the organisation where an export tells them, with what is loaded of each, how many users and
    long-term keys it has, and how many of those to look at.

    \b
    Examples:
      forensics accounts --case my-case
      forensics accounts --logs sample_logs --format csv
    """
    with asked.opened() as case:
        asked.print(case.accounts())
