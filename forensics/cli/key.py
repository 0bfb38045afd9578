"""forensics key"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import GeoOption, IpRangesOption, KeyFormat
from forensics.cli.question import Question, question

AccessKey = Annotated[
    str, typer.Argument(metavar="KEY", help="An access key ID, AKIA... or ASIA...", show_default=False)
]


@question(KeyFormat)
def key(
    access_key: AccessKey,
    *,
    descendants: Annotated[
        bool,
        typer.Option("--descendants", help="In a Timesketch file: also the events of everything derived from the key."),
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="List all of everything, not only the first.")] = False,
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    asked: Question,
) -> None:
    """Show everything known about an access key.

    Shows the owner of the key, who created, deactivated or requested it, the credentials that were requested with it,
    the addresses and programs that used it, its calls, its denied calls and its sensitive calls.

    \b
    Examples:
      forensics key AKIA2ICYRBJSCUQBO6WH --logs sample_logs
      forensics key ASIAZNW342S3J6ZQNFX7 --case my-case --format json
      forensics key AKIA2ICYRBJSCUQBO6WH --case my-case --geo GeoLite2-City.mmdb --geo GeoLite2-ASN.mmdb
    """
    with asked.opened() as case:
        page = case.key(access_key, geo=geo or (), ip_ranges=ip_ranges)
        if asked.format not in (KeyFormat.TIMESKETCH_CSV, KeyFormat.TIMESKETCH_JSONL):
            asked.print(page, "whole_key" if every else "")
            return
        from forensics.case import EventFilter
        from forensics.output.printers import print_rows
        from forensics.output.timesketch import key_timeline

        print_rows(
            key_timeline(page, case.event_rows(EventFilter(key=access_key, descendants=descendants))), asked.format
        )
