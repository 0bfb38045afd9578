"""forensics events, forensics sql"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from forensics.cli.options import CaseOption, LogsOption, RowsFormat, asked_case

Format = Annotated[RowsFormat, typer.Option(help="How to print the rows.")]
_TIMES = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]


def events(
    case: CaseOption = None,
    logs: LogsOption = None,
    key: Annotated[str | None, typer.Option(help="Signed with this access key.")] = None,
    actor: Annotated[str | None, typer.Option(help="Done by this actor: ID, name or ARN.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=_TIMES, help="Not before, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_TIMES, help="Before, UTC.")] = None,
    name: Annotated[str | None, typer.Option(help="Event name, such as AssumeRole.")] = None,
    address: Annotated[str | None, typer.Option(help="Source IP address, as logged.")] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only calls that failed.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many rows; 0 for all.")] = 100,
    format: Format = RowsFormat.TABLE,
) -> None:
    """Events with who is behind each, in the order of time.

    forensics events --logs sample_logs --key AKIA2ICYRBJSCUQBO6WH --errors
    """
    with asked_case(case, logs) as opened:
        from forensics.case import EventFilter

        wanted = EventFilter(key, actor, _utc(since), _utc(until), name, address, errors)
        rows = opened.event_rows(wanted, limit or None)
    from forensics.output import answer

    answer.print_rows(rows, format.value)


def sql(
    query: Annotated[str, typer.Argument(help="Any query on the case's tables and views.")],
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Format = RowsFormat.TABLE,
) -> None:
    """Run SQL on a case; `attributed_events` has every event with who is behind it.

    forensics sql "select actor_name, count(*) from attributed_events group by all" --logs sample_logs
    """
    with asked_case(case, logs) as opened:
        rows = opened.sql_rows(query)
    from forensics.output import answer

    answer.print_rows(rows, format.value)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
