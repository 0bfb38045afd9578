"""forensics key"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.event_options import Since, Until
from forensics.cli.options import (
    EveryOption,
    GeoOption,
    IpRangesOption,
    KeyFormat,
    ZoneOption,
    checked_option,
    fail,
    subject_argument,
)
from forensics.cli.question import Question, question
from forensics.cli.story import LeakedAt

if TYPE_CHECKING:
    from forensics.case import CallCriteria

AccessKey = Annotated[str, subject_argument("KEY", "An access key ID, AKIA... or ASIA...")]

Address = Annotated[
    list[str] | None,
    checked_option(
        "--address",
        metavar="IP",
        help="Count calls from this IP address or network (192.0.2.0/24), and calls by credentials that were requested"
        " or created from there. Can be repeated.",
    ),
]


def criteria(
    address: list[str] | None, since: datetime | None, until: datetime | None, leaked_at: datetime | None
) -> CallCriteria:
    """Return the calls to count, without the options that were not given."""
    found: CallCriteria = {"since": since, "until": until, "leaked_at": leaked_at}
    given: CallCriteria = {name: time for name, time in found.items() if time}  # type: ignore[assignment]
    return {**given, "address": address} if address else given


@question(KeyFormat)
def key(
    access_key: AccessKey,
    *,
    descendants: Annotated[
        bool,
        typer.Option("--descendants", help="In a Timesketch file: also the events of everything derived from the key."),
    ] = False,
    leaked_at: LeakedAt = None,
    address: Address = None,
    since: Since = None,
    until: Until = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: EveryOption = False,
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    asked: Question,
) -> None:
    """Show everything known about an access key.

    Shows the owner of the key, who created, deactivated or requested it, the credentials that were requested with it,
    the addresses and programs that used it, its calls, its denied calls and its sensitive calls. Begins with what still
    works of the key and of everything derived from it.

    --leaked-at, --address, --since and --until separate an intruder from the owner: they select the calls that count,
    never what still works.

    \b
    Examples:
      forensics key AKIA2ICYRBJSCUQBO6WH --logs sample_logs
      forensics key AKIA2ICYRBJSCUQBO6WH --logs sample_logs --leaked-at 2026-10-03T21:00:00Z --all
      forensics key AKIA2ICYRBJSCUQBO6WH --case my-case --address 192.0.2.0/24
      forensics key ASIAZNW342S3J6ZQNFX7 --case my-case --format json
      forensics key AKIA2ICYRBJSCUQBO6WH --case my-case --geo GeoLite2-City.mmdb --geo GeoLite2-ASN.mmdb
    """
    if descendants and not asked.format.startswith("timesketch"):
        fail(
            "--descendants is for a Timesketch file; use --format timesketch-csv, or `forensics story` for the calls", 2
        )
    counted = criteria(address, since, until, leaked_at)
    if counted and asked.format.startswith("timesketch"):
        fail("a Timesketch file of a key has all of its calls; to select some, use `forensics events`", 2)
    with asked.opened() as case:
        page = case.key(access_key, geo=geo or (), ip_ranges=ip_ranges, **counted)
        if asked.format not in (KeyFormat.TIMESKETCH_CSV, KeyFormat.TIMESKETCH_JSONL):
            asked.print(replace(page, source=asked.source), "whole_key" if every else "")
            return
        from forensics.case import EventFilter
        from forensics.output.printers import print_rows
        from forensics.output.timesketch import key_timeline

        print_rows(
            key_timeline(page, case.event_rows(EventFilter(key=access_key, descendants=descendants))), asked.format
        )
