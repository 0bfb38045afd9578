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
    errors_told,
    fail,
    named_case,
    tell_notes,
    time_option,
    told_to,
)

if TYPE_CHECKING:
    from forensics.case import Estimate, LookupEstimate
    from forensics.output.terminal import Advance

# a person is asked before more than this is fetched
_MANY_OBJECTS = 200_000
_MANY_BYTES = 10 << 30
_MANY_SECONDS = 3600


def _accounts(values: list[str] | None) -> list[str] | None:
    for value in values or ():
        if not re.fullmatch(r"\d{12}", value):
            raise typer.BadParameter(f"{value!r} is no account ID, which has 12 digits")
    return values


def _regions(values: list[str] | None) -> list[str] | None:
    for value in values or ():
        if not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", value):
            raise typer.BadParameter(f"{value!r} is no region; write us-east-1")
    return values


def _role(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:role/\S+", value):
        raise typer.BadParameter(f"{value!r} is no role; write arn:aws:iam::111122223333:role/NAME")
    return value


def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Files and folders of CloudTrail logs; s3://BUCKET/PREFIX."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            metavar="DIR",
            help="The case to add them to, made if it is new; without it, that of $FORENSICS_CASE.",
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", callback=_accounts, help="Only records of this account; again for more."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION",
            callback=_regions,
            help="Only records of this region and of us-east-1, where global services log; again for more.",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        time_option("--since", help="Only events from then on, and what issues or changes credentials."),
    ] = None,
    until: Annotated[datetime | None, time_option("--until", help="Only events before, and the same.")] = None,
    as_of: Annotated[
        datetime | None,
        time_option("--as-of", help="As of when exports hold that do not say so; else when their file was written."),
    ] = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    late: Annotated[
        int, typer.Option(min=0, metavar="DAYS", help="S3: how long after --until events may have been delivered.")
    ] = 1,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="AWS: the profile to use.")] = None,
    role_arn: Annotated[
        str | None, typer.Option(metavar="ARN", callback=_role, help="AWS: a role to assume first.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="AWS: another server, such as MinIO's.")
    ] = None,
    lookup_events: Annotated[
        bool, typer.Option("--lookup-events", help="Ask AWS for the 90 days it keeps of an account without a trail.")
    ] = False,
    request_payer: Annotated[
        bool, typer.Option("--request-payer", help="S3: pay for the requests, where the bucket asks for that.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell how much would be fetched, and fetch nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however much is to be fetched.")] = False,
    format: Annotated[AnswerFormat, typer.Option(help="How to print what was done.")] = AnswerFormat.TABLE,
) -> None:
    """Read logs, and exports of accounts, into a case.

    The same command again reads only what is new. Files count all at once, at the end; objects of S3 count as they
    come, so that a fetch that was stopped goes on where it was. A file that cannot be read is listed with the reason,
    the rest goes in, and the exit code is 3.

    Exports are what the AWS CLI prints as JSON: iam get-credential-report (also decoded), list-access-keys,
    get-access-key-last-used, get-account-authorization-details and list-users; sts get-access-key-info; identitystore
    list-users; organizations list-accounts; cloudtrail describe-trails and get-event-selectors.

    \b
    Examples:
      forensics ingest sample_logs --case my-case
      forensics ingest AWSLogs/ more.json.gz --case my-case
      forensics ingest s3://org-trail --account 111122223333 --since 2026-10-01 --until 2026-10-08 --case my-case
      forensics ingest --lookup-events --profile incident --since "3 days ago" --case my-case
      forensics ingest credential-report.csv --as-of 2026-10-05T09:00:00Z --case my-case
    """
    if (case := named_case(case)) is None:
        fail("say which case to add them to: --case DIR, a new folder or one made by `forensics ingest`", 2)
    if not paths and not lookup_events:
        fail("say what to read: files, folders or s3://BUCKET/PREFIX, or --lookup-events", 2)
    if since and until and since >= until:
        fail("--since is not before --until, so no event can match", 2)
    with errors_told():
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
                    progress=told_to(line.advance),
                    go_on=lambda estimate: _goes_on(estimate, line, dry_run=dry_run, yes=yes),
                )
            except Declined as declined:
                if not dry_run:
                    raise
                print_answer(declined.estimate, format.value)
                return
        print_answer(done, format.value)
        tell_notes(opened)
    if done.incomplete:
        raise typer.Exit(UNREADABLE)


def _goes_on(estimate: Estimate | LookupEstimate, line: _LineOfProgress, *, dry_run: bool, yes: bool) -> bool:
    """Tell how much it is, and where that is much and a person is there, ask."""
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
    """How far listing or reading is, in one line that ends where something is told or asked."""

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
