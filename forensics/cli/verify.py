"""forensics verify"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    GeoOption,
    IpRangesOption,
    OutputOption,
    RowsFormat,
    chosen,
    errors_reported,
    fail,
    format_option,
    named_case,
    opened_case,
    output_to,
)

_HASH = re.compile(r"[0-9a-f]{64}")
_ARCHIVES = (".tar.gz", ".tgz", ".zip")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="A folder of logs and digests, a report, or a bundle."),
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--keys", metavar="FILE", help="Public keys: the output of `aws cloudtrail list-public-keys`."),
]
Bucket = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The bucket that the folder was copied from, to report moved files."),
]
Head = Annotated[
    str | None,
    typer.Option(metavar="HASH", help="A head of the custody log from a report or bundle; the log must contain it."),
]
Signers = Annotated[
    Path | None,
    typer.Option(
        "--allowed-signers",
        metavar="FILE",
        help="Public SSH keys; one of them must have signed the case (custody --sign).",
    ),
]


Fetch = Annotated[
    bool,
    typer.Option("--fetch-keys", help="Fetch the public keys from AWS (ListPublicKeys) and keep them in the case."),
]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="With --fetch-keys: the AWS profile to use.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint-url", metavar="URL", hidden=True)]


def verify(
    paths: Paths = None,
    case: CaseOption = None,
    keys: Keys = None,
    bucket: Bucket = None,
    head: Head = None,
    allowed_signers: Signers = None,
    fetch_keys: Fetch = False,
    profile: Profile = None,
    endpoint_url: Endpoint = None,
    geo: GeoOption = None,
    ip_ranges: IpRangesOption = None,
    format: Annotated[RowsFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Check that logs, a case, a report or a bundle are unchanged.

    Logs are checked against their digests: which files are signed by AWS, changed, missing or moved, and for which
    periods every delivered file is present. A case is also checked against its own hashes: it must be unchanged since
    the last command. A report is compared byte for byte with one rendered again from its case (use the same --geo and
    --ip-ranges files). A bundle is checked against its own hashes and, with --case, against the custody log and the
    answer of its case. Works offline. The exit code is 1 if anything is wrong or could not be compared.

    \b
    Examples:
      forensics verify AWSLogs/ --keys public_keys.json
      forensics verify --case my-case
      forensics verify --case my-case --allowed-signers team_keys
      forensics verify report.html --case my-case
      forensics verify evidence.tar.gz --case my-case
    """
    form = chosen(RowsFormat, format, output)
    given = paths or []
    if given and (head or allowed_signers):
        fail("--head and --allowed-signers belong to a case: forensics verify --case DIR --head HASH", 2)
    if head is not None and not _HASH.fullmatch(head):
        fail("--head takes the 64 hexadecimal digits that `custody`, `report` and `bundle` print", 2)
    is_report = len(given) == 1 and given[0].name.lower().endswith(".html")
    if (geo or ip_ranges) and not is_report:
        fail("--geo and --ip-ranges belong to a report: forensics verify REPORT.html --case DIR --geo FILE", 2)
    if is_report or (len(given) == 1 and given[0].name.lower().endswith(_ARCHIVES)):
        _check(given[0], named_case(case), geo or (), ip_ranges, form, output, force=force)
        return
    if given and case:
        fail("a folder and --case exclude each other; to check logs in a case, ingest them with their digests", 2)
    if given and fetch_keys:
        fail("--fetch-keys needs --case, where it keeps the keys; for a folder, use --keys FILE", 2)
    if not given and (case := named_case(case)) is None:
        fail("name what to check: a PATH (a folder of logs and digests, a report or a bundle), or --case DIR", 2)
    with errors_reported(), output_to(output, force=force):
        from forensics.case import Access, verify_logs
        from forensics.output.printers import print_answer
        from forensics.output.terminal import progress

        if given:
            with progress() as advance:
                found = verify_logs(
                    given,
                    keys=keys or (),
                    bucket=bucket,
                    progress=advance,
                )
        else:
            assert case
            with opened_case(case) as opened:
                if fetch_keys:
                    opened.fetch_keys(Access(profile, endpoint_url=endpoint_url))
                found = opened.verify(keys=keys or (), bucket=bucket, head=head, allowed_signers=allowed_signers)
        print_answer(found, form)
    if found.complaint:
        fail(found.complaint)


def _check(
    file: Path,
    case: Path | None,
    geo: Sequence[Path],
    ip_ranges: Path | None,
    form: RowsFormat,
    output: Path | None,
    *,
    force: bool,
) -> None:
    """Check a report or a bundle, against its case if one is given."""
    is_bundle = file.name.lower().endswith(_ARCHIVES)
    if case is None and not is_bundle:
        fail("name the case of the report: --case DIR", 2)
    with errors_reported(), output_to(output, force=force):
        from forensics.case import check_bundle
        from forensics.output.printers import print_answer

        if case is None:
            check = check_bundle(file)
        else:
            with opened_case(case) as opened:
                check = (
                    opened.verify_bundle(file)
                    if is_bundle
                    else opened.verify_report(file, geo=geo, ip_ranges=ip_ranges)
                )
        print_answer(check, form)
    if check.problems:
        fail(f"{check.problems[0].where}: {check.problems[0].what}")
