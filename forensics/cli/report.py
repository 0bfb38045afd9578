"""forensics report"""

from __future__ import annotations

import sys
from enum import StrEnum

import typer

from forensics.cli.event_options import Since, Until
from forensics.cli.key import AccessKey, Address, criteria
from forensics.cli.options import GeoOption, IpRangesOption, ZoneOption, fail
from forensics.cli.question import Question, question
from forensics.cli.story import LeakedAt


class ReportFormat(StrEnum):
    HTML = "html"
    JSON = "json"


@question(ReportFormat, typer.Option("--format", help="Default: html, or the extension of -o FILE."))
def report(
    access_key: AccessKey,
    *,
    leaked_at: LeakedAt = None,
    address: Address = None,
    since: Since = None,
    until: Until = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    asked: Question,
) -> None:
    """Write an HTML report about an access key.

    The report is one file that opens offline in any browser, for readers who were not involved. It shows who is behind
    the key and how certain that is, how the key was issued, what was derived from it, what was done with it, how to
    contain it, and what is unknown. Each statement links to the event that proves it, and to its record. Text from
    the logs cannot run as code in the report. Secrets are masked.

    The options that select calls are those of `key`. The tree and the containment are always whole.

    \b
    Examples:
      forensics report AKIA2ICYRBJSCUQBO6WH --logs sample_logs -o report.html
      forensics report AKIA2ICYRBJSCUQBO6WH --case my-case --leaked-at 2026-10-03T21:00:00Z -o report.html
      forensics report ASIAZNW342S3J6ZQNFX7 --case my-case -o report.html --geo GeoLite2-City.mmdb
    """
    if asked.output is None and sys.stdout.isatty():
        fail("the report is an HTML page; name a file: -o report.html", 2)
    counted = criteria(address, since, until, leaked_at)
    with asked.opened() as case:
        answer = case.report(access_key, geo=geo or (), ip_ranges=ip_ranges, **counted)
        if asked.format == ReportFormat.JSON:
            asked.print(answer)
            return
        from forensics.output.report import report_page
        from forensics.output.terminal import write

        write(report_page(answer))
    if asked.output is not None:
        from forensics.output.notes import tell_report

        tell_report(answer)
