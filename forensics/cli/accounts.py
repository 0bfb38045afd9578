"""forensics accounts"""

from __future__ import annotations

from forensics.cli.options import RowsFormat
from forensics.cli.question import Question, question


@question(RowsFormat)
def accounts(asked: Question) -> None:
    """List the known accounts.

    Shows the name of each account, if an export of the organization has it, its loaded events, and the number of IAM
    users, of long-term keys, and of keys with findings.

    \b
    Examples:
      forensics accounts --case my-case
      forensics accounts --logs sample_logs --format csv
    """
    with asked.opened() as case:
        asked.print(case.accounts())
