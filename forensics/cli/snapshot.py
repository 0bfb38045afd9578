"""forensics snapshot"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import UNREADABLE, AnswerFormat, errors_reported, fail, named_case, print_notes

_ALL = "all"


def snapshot(
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            metavar="DIR",
            help="The case to load into; created if it is new. Default: $FORENSICS_CASE.",
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="The AWS profile whose credentials to use.")
    ] = None,
    role_arn: Annotated[str | None, typer.Option(metavar="ARN", help="Assume this role first.")] = None,
    accounts: Annotated[
        str | None,
        typer.Option(
            metavar="IDS", help="Fetch these accounts, separated by commas; all: every account of the organization."
        ),
    ] = None,
    role_name: Annotated[str | None, typer.Option(metavar="NAME", help="The role to assume in each account.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="REGION", help="Region whose trails and Identity Center to fetch; can be repeated."),
    ] = None,
    policy: Annotated[
        bool, typer.Option("--policy", help="Print the IAM policy that snapshot needs, without calling AWS.")
    ] = False,
    format: Annotated[AnswerFormat, typer.Option(help="How to print the summary.")] = AnswerFormat.TABLE,
) -> None:
    """Fetch the state of accounts from AWS into a case.

    Fetches users, roles and their trust policies, access keys with status and last use, the credential report, the
    accounts of the organization, Identity Center users, and trails with their event selectors. It makes read calls
    only. If AWS denies some calls, they are listed, everything else is loaded, and the exit code is 3.

    \b
    Examples:
      forensics snapshot --profile incident --case my-case
      forensics snapshot --profile incident --accounts all --role-name SecurityAudit --case my-case
      forensics snapshot --policy
    """
    wanted = _accounts(accounts, role_name)
    if policy:
        from forensics.case import snapshot_policy

        typer.echo(snapshot_policy(role_name))
        return
    if (case := named_case(case)) is None:
        fail("name the case to load into: --case DIR, a new folder or an existing case", 2)
    with errors_reported():
        from forensics.case import Access, Case
        from forensics.output.printers import print_answer
        from forensics.output.terminal import status

        with Case.create(case) as opened, status() as asking:
            done = opened.snapshot(
                access=Access(profile, role_arn),
                accounts=wanted,
                role_name=role_name,
                regions=region or (),
                progress=lambda account: asking(f"asking account {account}"),
            )
        print_answer(done, format.value)
        print_notes(opened)
    if done.incomplete:
        raise typer.Exit(UNREADABLE)


def _accounts(accounts: str | None, role_name: str | None) -> tuple[str, ...]:
    wanted = tuple(one.strip() for one in (accounts or "").split(",") if one.strip())
    if bool(wanted) != bool(role_name) and wanted:
        fail("--accounts needs --role-name NAME, the role to assume in each account", 2)
    for one in wanted:
        if one != _ALL and not (len(one) == 12 and one.isdigit()):
            fail(f"{one!r} is not an account ID; write 12 digits, several separated by commas, or all", 2)
    return wanted
