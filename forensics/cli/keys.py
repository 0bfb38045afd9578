"""forensics keys"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import RowsFormat, checked_option
from forensics.cli.question import Question, question

MaxAge = Annotated[
    int, typer.Option("--max-age", min=1, metavar="DAYS", help="A key older than this is overdue for rotation.")
]
Unused = Annotated[
    int, typer.Option("--unused", min=1, metavar="DAYS", help="A key not used for longer than this is unused.")
]

Account = Annotated[
    list[str] | None,
    checked_option("--account", metavar="ID", help="Only keys of this account. Can be repeated."),
]


@question(RowsFormat)
def keys(asked: Question, max_age: MaxAge = 90, unused: Unused = 90, account: Account = None) -> None:
    """Audit every long-term access key.

    Shows the owner, age and status of each key, and its last use according to the logs and to IAM. Findings: keys of
    the root user or of deleted users, and keys that are used after deactivation, unused, overdue for rotation, or used
    by several applications. To include keys that no log shows, add IAM exports to the case with `ingest` or `snapshot`.

    \b
    Examples:
      forensics keys --case my-case
      forensics keys --case my-case --account 111122223333
      forensics keys --case my-case --max-age 30 --format csv > keys.csv
    """
    with asked.opened() as case:
        asked.print(case.keys(max_age_days=max_age, unused_days=unused, account=account))
