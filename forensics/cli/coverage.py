"""forensics coverage"""

from __future__ import annotations

from forensics.cli.options import RowsFormat
from forensics.cli.question import Question, question


@question(RowsFormat)
def coverage(asked: Question) -> None:
    """Map the loaded logs and their gaps.

    Shows the hours with events by account and region, and when a trail was stopped, narrowed or changed, and by whom.

    \b
    Examples:
      forensics coverage --case my-case
      forensics coverage --logs sample_logs --format csv
    """
    with asked.opened() as case:
        asked.print(case.coverage())
