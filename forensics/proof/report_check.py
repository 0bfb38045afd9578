"""Report check: whether a report is byte for byte what its case renders.

The claims of a report only select the page to compare it with. That page is rendered from the case, as of a state that
the case confirms. No claim can make a changed report pass.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from forensics.answers.verify_answer import RESEALING, Check, Problem
from forensics.errors import NotAnIdentifier, NotChecked, UnusableFilter
from forensics.files.path_text import as_text
from forensics.files.regular_files import read_regular
from forensics.identifiers import access_key
from forensics.investigate.key.counted_calls import CallCriteria
from forensics.lake import manifest as manifests
from forensics.proof.origin import Origin

MAX_PAGE = 256 << 20
_MAX_PROVENANCE = 64 << 10
_PROVENANCE = b'<script type="application/json" id="provenance">'
_END = b"</script>"


class Query(msgspec.Struct, frozen=True):
    """A query that a report answers."""

    command: str
    parameters: dict[str, str | list[str]]


class ReportClaims(msgspec.Struct, frozen=True):
    """The provenance in a report: its claims about the case and the version that it was created with."""

    case_id: str
    ingest_id: str | None
    committed_at: datetime | None
    events: int
    files: int
    case_fingerprint: str | None
    custody_head: str | None
    version: str
    queries: list[Query]
    address_databases: list[str]
    answer_sha256: str

    @property
    def subject(self) -> str:
        """Return the access key that the report is about."""
        return str(self.queries[0].parameters["subject"])

    @property
    def criteria(self) -> CallCriteria:
        """Return which calls the report counts. Raises ValidationError."""
        parameters = {name: value for name, value in self.queries[0].parameters.items() if name != "subject"}
        return msgspec.convert(parameters, CallCriteria)


def check_report(path: Path, origin: Origin) -> Check:
    """Return the check of a report against a case. Raises NotChecked, OSError."""
    content = read_regular(path.resolve(), MAX_PAGE)
    right, problems = compared(content, read_claims(content, as_text(path)), origin, as_text(path.name))
    return Check(as_text(path), tuple(right), tuple(problems), (RESEALING,) if right else ())


def read_claims(page: bytes, where: str) -> ReportClaims:
    """Return the provenance in a report. Raises NotChecked if the page is not a report."""
    no_report = f"{where} is not a report of `forensics report`"
    if page.count(_PROVENANCE) != 1:
        raise NotChecked(f"{no_report}: its provenance is missing or repeated")
    start = page.index(_PROVENANCE) + len(_PROVENANCE)
    end = page.find(_END, start, start + _MAX_PROVENANCE)
    if end < 0:
        raise NotChecked(f"{no_report}, or a damaged one: its provenance does not end")
    try:
        claims = msgspec.json.decode(page[start:end], type=ReportClaims)
        page.decode("utf-8")
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise NotChecked(f"{no_report}, or a damaged one: {error}") from None
    if not claims.queries or "subject" not in claims.queries[0].parameters:
        raise NotChecked(f"{no_report}: its provenance does not name a key")
    return claims


def compared(content: bytes, claims: ReportClaims, origin: Origin, where: str) -> tuple[list[str], list[Problem]]:
    """Compare a page with the one that the case renders for its claims, and return what is right and wrong."""
    then = manifests.read(origin.layout.manifest, last=claims.ingest_id)
    problems = [Problem(where, what) for what in _unconfirmed(claims, origin, then)]
    if problems:
        return [], problems
    commit = then.commit
    state = replace(
        origin.state,
        ingest_id=claims.ingest_id,
        committed_at=commit.committed_at if commit else None,
        events=commit.events if commit else 0,
        files=len(then.source_files),
        custody_head=claims.custody_head,
    )
    try:
        report = origin.report(access_key(claims.subject), claims.criteria, state)
    except NotAnIdentifier:
        return [], [Problem(where, "not compared: its subject is not an access key ID")]
    except (msgspec.ValidationError, UnusableFilter):
        return [], [Problem(where, "not compared: its filter of calls cannot be used")]
    if report.address_files != claims.address_databases:
        return [], [Problem(where, _other_address_files(claims.address_databases, report.address_files))]
    page = origin.page(report)
    if page == content:
        return [f"the page is byte for byte the report that the case renders for {claims.subject}"], []
    line = _first_difference(content, page)
    what = f"the page is not byte for byte the report that the case renders for {claims.subject}: line {line:,} differs"
    if claims.ingest_id != origin.state.ingest_id:
        what += "; the case has grown since, so its answer can differ; create the report again"
    return [], [Problem(where, what)]


def _unconfirmed(claims: ReportClaims, origin: Origin, then: manifests.Manifest) -> list[str]:
    """Return the claims that the case does not confirm. A page is rendered only if there are none."""
    now = origin.state
    if claims.case_id != now.case_id:
        return [
            (
                f"not compared: it is a report of case {claims.case_id}, and this is case {now.case_id};"
                " use --case with its case"
            )
        ]
    wrong = []
    if claims.version != now.version:
        wrong.append(
            f"not compared: it was created by version {claims.version}, and this is {now.version}; create the report"
            f" again, or compare it with that version"
        )
    if claims.ingest_id != (then.commit.ingest_id if then.commit else None):
        wrong.append(f"not compared: it names ingest {claims.ingest_id}, which is not in this case")
    if claims.custody_head not in [entry.sha256 for entry in origin.log.entries] and (
        claims.custody_head is not None or origin.log.entries
    ):
        wrong.append(
            f"not compared: it names {claims.custody_head} as the head of the custody log, which has no such entry"
        )
    return wrong


def _other_address_files(claimed: list[str], used: list[str]) -> str:
    if claimed and not used:
        return (
            f"not compared: its answer used {len(claimed):,} address file(s); name the same ones with --geo FILE or"
            " --ip-ranges FILE"
        )
    return "not compared: its answer did not use the files of --geo and --ip-ranges, in this order"


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the number of the first line that differs, from 1."""
    lines = zip(one.split(b"\n"), other.split(b"\n"), strict=False)
    return next((number for number, (left, right) in enumerate(lines, 1) if left != right), one.count(b"\n") + 1)
