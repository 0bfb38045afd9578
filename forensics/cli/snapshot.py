"""forensics snapshot"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import UNREADABLE, AnswerFormat, errors_told, fail, named_case, tell_notes

_ALL = "all"


def snapshot(
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            metavar="DIR",
            help="The case to add it to, made if it is new; without it, that of $FORENSICS_CASE.",
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="The AWS profile whose credentials to use.")
    ] = None,
    role_arn: Annotated[str | None, typer.Option(metavar="ARN", help="Assume this role first.")] = None,
    accounts: Annotated[
        str | None,
        typer.Option(
            metavar="IDS", help="Ask these accounts instead, separated by commas; all: every one of the organisation."
        ),
    ] = None,
    role_name: Annotated[str | None, typer.Option(metavar="NAME", help="The role to assume in each of them.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="REGION", help="Where to ask about trails and Identity Center; may stand several times."),
    ] = None,
    policy: Annotated[
        bool, typer.Option("--policy", help="Print the IAM policy that this needs, and ask nothing.")
    ] = False,
    format: Annotated[AnswerFormat, typer.Option(help="How to print what was done.")] = AnswerFormat.TABLE,
) -> None:
    """Fetch what accounts say of themselves into a case.

    Users, roles and their trust policies, access keys with status and last use, the credential report, the accounts of
    the organisation, users of Identity Center, trails and what they record. Only calls that read are made; what is
    denied is listed, the rest goes in, and the exit code is 3.

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
        fail("say which case to add it to: --case DIR, a new folder or one made by `forensics ingest`", 2)
    with errors_told():
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
        tell_notes(opened)
    if done.incomplete:
        raise typer.Exit(UNREADABLE)


def _accounts(accounts: str | None, role_name: str | None) -> tuple[str, ...]:
    wanted = tuple(one.strip() for one in (accounts or "").split(",") if one.strip())
    if bool(wanted) != bool(role_name) and wanted:
        fail("--accounts needs --role-name NAME: the role to assume in each of them", 2)
    for one in wanted:
        if one != _ALL and not (len(one) == 12 and one.isdigit()):
            fail(f"{one!r} is no account ID; write 12 digits, several separated by commas, or all", 2)
    return wanted
