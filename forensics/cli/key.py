"""forensics key"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    GeoOption,
    IpRangesOption,
    KeyFormat,
    LogsOption,
    OutputOption,
    asked_case,
    chosen,
    format_option,
    output_to,
)

AccessKey = Annotated[
    str, typer.Argument(metavar="KEY", help="An access key ID, AKIA... or ASIA...", show_default=False)
]


def key(
    access_key: AccessKey,
    case: CaseOption = None,
    logs: LogsOption = None,
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    format: Annotated[KeyFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Tell all about one access key.

    Says whose it is, who made it and switched it off, who requested it, what was requested with it, from where and
    with what it was used, what it did and was refused, and which of its calls intruders are known for.

    \b
    Examples:
      forensics key AKIA2ICYRBJSCUQBO6WH --logs sample_logs
      forensics key ASIAZNW342S3J6ZQNFX7 --case my-case --format json
      forensics key AKIA2ICYRBJSCUQBO6WH --case my-case --geo GeoLite2-City.mmdb --geo GeoLite2-ASN.mmdb
    """
    form = chosen(KeyFormat, format, output)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        answer = opened.key(access_key, geo=geo or (), ip_ranges=ip_ranges)
        from forensics.case import EventFilter
        from forensics.output.printers import print_answer, print_rows

        if form in (KeyFormat.TIMESKETCH_CSV, KeyFormat.TIMESKETCH_JSONL):
            from forensics.output.timesketch import key_timeline

            print_rows(key_timeline(answer, opened.event_rows(EventFilter(key=access_key))), form)
        else:
            print_answer(answer, form)
