"""forensics report"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from forensics.cli.key import AccessKey
from forensics.cli.options import (
    CaseOption,
    ForceOption,
    GeoOption,
    IpRangesOption,
    LogsOption,
    OutputOption,
    asked_case,
    fail,
    output_to,
)


class ReportFormat(StrEnum):
    HTML = "html"
    JSON = "json"


def report(
    access_key: AccessKey,
    case: CaseOption = None,
    logs: LogsOption = None,
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    format: Annotated[
        ReportFormat | None,
        typer.Option("--format", help="How to write it; html without it, or what -o FILE ends in."),
    ] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Write a report on one access key, for a browser.

    One file for people who were not there, that opens offline: who is behind the key and how sure that is, where it
    came from and what came of it, what was done and touched, what to do, what is not known; and for each statement the
    event that proves it, with its record. Log content is inert in it, and secrets in records are masked.

    \b
    Examples:
      forensics report AKIA2ICYRBJSCUQBO6WH --logs sample_logs -o report.html
      forensics report ASIAZNW342S3J6ZQNFX7 --case my-case -o report.html --geo GeoLite2-City.mmdb
    """
    is_json = format == ReportFormat.JSON or (format is None and output is not None and output.suffix == ".json")
    if output is None and sys.stdout.isatty():
        fail("a report is for a browser; name a file: -o report.html", 2)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        answer = opened.report(access_key, geo=geo or (), ip_ranges=ip_ranges)
        from forensics.output.notes import tell_report
        from forensics.output.printers import print_answer
        from forensics.output.report import report_page
        from forensics.output.terminal import write

        if is_json:
            print_answer(answer, "json")
            return
        page = report_page(answer)
        write(page)
        if output is not None:
            tell_report(output, page, answer)
