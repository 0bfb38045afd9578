"""forensics ingest"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.options import (
    UNREADABLE,
    AnswerFormat,
    ZoneOption,
    errors_reported,
    fail,
    named_case,
    print_notes,
    progress_callback,
    time_option,
)

if TYPE_CHECKING:
    from forensics.case import Estimate, LookupEstimate
    from forensics.output.terminal import Advance

# ask at a terminal before fetching more than this
_MANY_OBJECTS = 200_000
_MANY_BYTES = 10 << 30
_MANY_SECONDS = 3600


def _accounts(values: list[str] | None) -> list[str] | None:
    for value in values or ():
        if not re.fullmatch(r"\d{12}", value):
            raise typer.BadParameter(f"{value!r} is not an account ID; write its 12 digits")
    return values


def _regions(values: list[str] | None) -> list[str] | None:
    for value in values or ():
        if not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", value):
            raise typer.BadParameter(f"{value!r} is not a region; write, for example, us-east-1")
    return values


def _role(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:role/\S+", value):
        raise typer.BadParameter(f"{value!r} is not the ARN of a role; write arn:aws:iam::111122223333:role/NAME")
    return value


def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...", help="Files and folders of CloudTrail logs; s3://BUCKET/PREFIX; - for standard input."
        ),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            metavar="DIR",
            help="The case to load into; created if it is new. Default: $FORENSICS_CASE.",
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", callback=_accounts, help="Only records of this account; can be repeated."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION",
            callback=_regions,
            help="Only records of this region and of us-east-1, where global services log; can be repeated.",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        time_option(
            "--since",
            help="Only events at or after this time; events that issue or change credentials are always kept.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        time_option(
            "--until", help="Only events before this time; events that issue or change credentials are always kept."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        time_option(
            "--as-of", help="Effective time for exports that carry none. Default: when their file was written."
        ),
    ] = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    late: Annotated[
        int, typer.Option(min=0, metavar="DAYS", help="S3: how many days after --until to look for late deliveries.")
    ] = 1,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="AWS: the profile to use.")] = None,
    role_arn: Annotated[
        str | None, typer.Option(metavar="ARN", callback=_role, help="AWS: the role to assume first.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="AWS: the URL of another server, such as MinIO.")
    ] = None,
    lookup_events: Annotated[
        bool,
        typer.Option("--lookup-events", help="Fetch the last 90 days of management events from AWS; needs no trail."),
    ] = False,
    request_payer: Annotated[
        bool,
        typer.Option("--request-payer", help="S3: agree to pay for the requests, as requester-pays buckets require."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how much would be fetched, without fetching it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Fetch without asking for confirmation.")] = False,
    format: Annotated[AnswerFormat, typer.Option(help="How to print the summary.")] = AnswerFormat.TABLE,
) -> None:
    """Load logs and account exports into a case.

    Running the same command again reads only new files. Local files are committed together at the end. S3 objects are
    committed in steps, so an interrupted fetch resumes where it stopped. If a file cannot be read, it is listed with
    the reason, the other files are loaded, and the exit code is 3.

    Account exports are the JSON output of the AWS CLI: iam get-credential-report (also decoded), list-access-keys,
    get-access-key-last-used, get-account-authorization-details and list-users; sts get-access-key-info; identitystore
    list-users; organizations list-accounts; cloudtrail describe-trails and get-event-selectors.

    \b
    Examples:
      forensics ingest sample_logs --case my-case
      forensics ingest AWSLogs/ more.json.gz --case my-case
      aws cloudtrail lookup-events | forensics ingest - --case my-case
      forensics ingest s3://org-trail --account 111122223333 --since 2026-10-01 --until 2026-10-08 --case my-case
      forensics ingest --lookup-events --profile incident --since "3 days ago" --case my-case
      forensics ingest credential-report.csv --as-of 2026-10-05T09:00:00Z --case my-case
    """
    if (case := named_case(case)) is None:
        fail("name the case to load into: --case DIR, a new folder or an existing case", 2)
    if not paths and not lookup_events:
        fail("name what to load: files, folders, s3://BUCKET/PREFIX, - (standard input), or --lookup-events", 2)
    with errors_reported():
        from forensics.case import Access, Case
        from forensics.errors import Declined
        from forensics.output.printers import print_answer

        with Case.create(case) as opened, closing(_LineOfProgress()) as line:
            try:
                done = opened.ingest(
                    paths or (),
                    accounts=account or (),
                    regions=region or (),
                    since=since,
                    until=until,
                    as_of=as_of,
                    late=late,
                    access=Access(profile, role_arn, endpoint_url),
                    request_payer=request_payer,
                    lookup_events=lookup_events,
                    listing=line.list,
                    asking=lambda made, calls: line.advance(made, calls, what="calls"),
                    progress=progress_callback(line.advance),
                    go_on=lambda estimate: _continues(estimate, line, dry_run=dry_run, yes=yes),
                )
            except Declined as declined:
                if not dry_run:
                    raise
                print_answer(declined.estimate, format.value)
                return
        print_answer(done, format.value)
        print_notes(opened)
    if done.incomplete:
        raise typer.Exit(UNREADABLE)


def _continues(estimate: Estimate | LookupEstimate, line: _LineOfProgress, *, dry_run: bool, yes: bool) -> bool:
    """Print an estimate; if it is large and a person is at the terminal, ask."""
    from forensics.case import LookupEstimate
    from forensics.output.estimate import one_line
    from forensics.output.terminal import tell

    line.close()
    if dry_run:
        return False
    tell(one_line(estimate))
    if isinstance(estimate, LookupEstimate):
        much = estimate.seconds > _MANY_SECONDS
    else:
        much = estimate.objects > _MANY_OBJECTS or estimate.bytes > _MANY_BYTES
    if yes or not much or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return typer.confirm("Fetch them?", err=True)


class _LineOfProgress:
    """The progress of listing or reading, on one line that ends before a message or a question."""

    def __init__(self) -> None:
        self._line = ExitStack()
        self._say: Callable[[str], None] | None = None
        self._advance: Advance | None = None

    def close(self) -> None:
        self._line.close()
        self._say = self._advance = None

    def list(self, objects: int) -> None:
        from forensics.output.terminal import status
        from forensics.output.words import count

        if self._say is None:
            self._say = self._line.enter_context(status("listing"))
        self._say(f"listing, {count(objects, 'object')} so far")

    def advance(
        self, done: int, all: int, size: int = 0, sizes: int = 0, records: int = 0, what: str = "files"
    ) -> None:
        from forensics.output.terminal import progress

        if self._advance is None:
            self._advance = self._line.enter_context(progress())
        self._advance(done, all, size, sizes, records, what)
