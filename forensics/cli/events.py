"""forensics events"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from forensics.cli.options import EventsFormat, ZoneOption, fail, format_option, time_option
from forensics.cli.question import Question, question

_SHOWN_IN_A_TABLE = 100

Since = Annotated[
    datetime | None,
    time_option("--since", help='Only events at or after this time: 2026-10-04T02:24:19Z, "2 days ago".'),
]
Until = Annotated[datetime | None, time_option("--until", help="Only events before this time.")]


@question(EventsFormat, format_option("the rows"))
def events(
    asked: Question,
    key: Annotated[str | None, typer.Option(metavar="ID", help="Only events signed with this access key.")] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only events of this actor: ID, name or ARN.")
    ] = None,
    since: Since = None,
    until: Until = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by --since and --until
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only events of this name, such as AssumeRole.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="IP", help="Only events from this IP address or network (192.0.2.0/24)."),
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only calls that were denied or failed.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Maximum number of rows; 0 for all. Default: 100 in a table, all in other formats.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List events with the actor behind each.

    Ordered by time. The table shows the most important columns that fit. The other formats have all columns and rows.

    \b
    Examples:
      forensics events --case my-case --key AKIA2ICYRBJSCUQBO6WH --errors
      forensics events --case my-case --actor svc-deploy --since 2026-10-04
      forensics events --logs sample_logs --address 192.0.2.44 --format csv > found.csv
    """
    if since and until and since >= until:
        fail("no event can match: --since must be before --until; change one of them", 2)
    if limit is None and asked.format == EventsFormat.TABLE:
        limit = _SHOWN_IN_A_TABLE
    with asked.opened() as case:
        from forensics.case import EventFilter
        from forensics.output.notes import tell_limit, tell_no_event

        wanted = EventFilter(key, actor, since, until, name, address, errors)
        rows = case.event_rows(wanted, limit or None)
        asked.print(rows, "events")
        tell_limit(rows)
        if not rows.total:
            tell_no_event(case.matches_alone(wanted), case.info())
