"""forensics events"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from forensics.cli.event_options import Accounts, Actor, Addresses, OriginKey, Since, Until
from forensics.cli.options import EventsFormat, ZoneOption, checked_option, fail, format_option
from forensics.cli.question import Question, question

_SHOWN_IN_A_TABLE = 100


def _several(name: str, metavar: str, help: str) -> Any:
    return checked_option(name, metavar=metavar, help=f"{help} Can be repeated.")


@question(EventsFormat, format_option("the rows"))
def events(
    asked: Question,
    key: Annotated[
        str | None, checked_option("--key", metavar="ID", help="Only events signed with this access key.")
    ] = None,
    session: Annotated[
        str | None,
        checked_option("--session", metavar="SESSION", help="Only calls by this session: ARN or principal ID."),
    ] = None,
    descendants: Annotated[
        bool,
        typer.Option(
            "--descendants", help="Also the events of everything derived from the key, session, actor or role."
        ),
    ] = False,
    origin_key: OriginKey = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by --since and --until
    name: Annotated[
        list[str] | None, _several("--name", "NAME", "Only events of this name: AssumeRole, 'Delete*'.")
    ] = None,
    service: Annotated[
        list[str] | None, _several("--service", "NAME", "Only calls of this service, such as iam.")
    ] = None,
    region: Annotated[
        list[str] | None, _several("--region", "REGION", "Only events of this region: us-east-1, 'eu-*'.")
    ] = None,
    account: Accounts = None,
    role: Annotated[
        list[str] | None, _several("--role", "ROLE", "Only calls by sessions of this role: name, ARN or unique ID.")
    ] = None,
    resource: Annotated[
        list[str] | None,
        _several("--resource", "NAME", "Only calls on this target: ARN or name, such as a user or a bucket."),
    ] = None,
    user_agent: Annotated[
        list[str] | None, _several("--user-agent", "TEXT", "Only calls whose user agent contains this.")
    ] = None,
    address: Addresses = None,
    outcome: Annotated[
        list[str] | None, _several("--outcome", "OUTCOME", "Only calls that succeeded, denied or failed.")
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only calls that were denied or failed.")] = False,
    match: Annotated[
        list[str] | None,
        checked_option(
            "--match",
            metavar="COLUMN=REGEX",
            help="Only events in which a part of this column matches: user_agent='(?i)kali', record=Secret."
            " Can be repeated; each has to match.",
        ),
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="List the newest event first.")] = False,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="The columns to list, comma-separated; `forensics schema attributed_events` lists all.",
        ),
    ] = None,
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

    Ordered by time. With --descendants or --origin-key, `certain` is false for events of credentials that may derive
    from another subject. The table shows the most important columns that fit. The other formats have all rows.

    In names, * stands for any text and ? for one character. Upper and lower case are equal. Of the values of a
    repeated option, one has to match.

    \b
    Examples:
      forensics events --case my-case --key AKIA2ICYRBJSCUQBO6WH --descendants --errors
      forensics events --case my-case --actor svc-deploy --since 2026-10-04
      forensics events --case my-case --service iam --name 'Create*' --name 'Put*'
      forensics events --case my-case --resource 'acme-backups-*' --columns event_time,event_name,record
      forensics events --logs sample_logs --address 192.0.2.0/24 --format csv > found.csv
    """
    if columns is not None and asked.format.startswith("timesketch"):
        fail("a Timesketch file has its own columns; leave --columns out, or use another --format", 2)
    if limit is None and asked.format == EventsFormat.TABLE:
        limit = _SHOWN_IN_A_TABLE
    listed = [text.strip() for text in columns.split(",")] if columns is not None else None
    with asked.opened() as case:
        from forensics.case import EventFilter
        from forensics.output.notes import tell_limit, tell_no_event

        wanted = EventFilter(
            key=key,
            session=session,
            descendants=descendants,
            origin_key=origin_key,
            actor=actor,
            since=since,
            until=until,
            name=name,
            service=service,
            region=region,
            account=account,
            role=role,
            resource=resource,
            user_agent=user_agent,
            address=address,
            outcome=outcome,
            errors=errors,
            match=match,
        )
        rows = case.event_rows(wanted, limit or None, listed, newest=newest)
        asked.print(rows, "result" if listed else "events")
        tell_limit(rows)
        if not rows.total:
            tell_no_event(case.matches_alone(wanted), case.info())
