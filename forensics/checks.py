"""Checks: whether a report or a bundle is what a case gives.

The claims of a report only select the page to compare it with. That page is rendered from the case, under circumstances
that the case confirms, and compared byte for byte; no claim can make a report pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from forensics import archive, bundle
from forensics.answers.verify_answer import RESEALING, Check, Problem
from forensics.archive import DamagedArchive, Member
from forensics.keys import NotAnIdentifier
from forensics.lake import manifest as manifests
from forensics.proof import NotChecked
from forensics.regular_files import open_named, read_regular

if TYPE_CHECKING:
    from forensics.answers.report_answer import CaseState
    from forensics.answers.verify_answer import Custody

_MAX_PAGE = 256 << 20
_MAX_LISTED = 32 << 20
_MAX_PROVENANCE = 64 << 10
_MAX_SUMS = 4096
_PROVENANCE = b'<script type="application/json" id="provenance">'
_END = b"</script>"
_REPORT, _ANSWER = "report.html", "answer.json"

_OWN_SUMS_ONLY = (
    "only the bundle's own hashes were checked, and anyone who changes it can compute them again; add --case DIR to"
    " compare it with its case"
)


class Query(msgspec.Struct, frozen=True):
    """A question that a report answers."""

    command: str
    parameters: dict[str, str]


class ReportClaims(msgspec.Struct, frozen=True):
    """The provenance in a report: how it claims to have been made."""

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
        return self.queries[0].parameters["subject"]


@dataclass(frozen=True, slots=True)
class Page:
    """A report's page, and the hashes of the files on addresses that its answer used."""

    content: bytes
    address_files: list[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """The case that a report or bundle is compared with.

    `page` renders the report on a key under given circumstances; `answer` gives the bundle's answer.json. Both raise
    NotAnIdentifier.
    """

    now: CaseState
    manifest: Path
    log: Custody
    page: Callable[[str, CaseState], Page]
    answer: Callable[[str], bytes]


def check_report(path: Path, origin: Origin) -> Check:
    """Compare a report with a case. Raises NotChecked, OSError."""
    content = read_regular(path.resolve(), _MAX_PAGE)
    right, problems = _compared(content, read_claims(content, str(path)), origin, path.name)
    return Check(str(path), tuple(right), tuple(problems), (RESEALING,) if right else ())


def check_bundle(path: Path, origin: Origin | None) -> Check:
    """Check a bundle by its own hashes, and against the case that it was made from. Raises NotChecked, OSError."""
    right: list[str] = []
    problems: list[Problem] = []
    with open_named(path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        _check_beside(path, sha256, right, problems)
        is_logged = origin is not None and any(
            entry.answer_sha256 == sha256 for entry in origin.log.entries if entry.command == "bundle"
        )
        if origin is not None:
            _say(is_logged, right, problems, path.name, "the hash of the archive is in the custody log of the case")
        try:
            members = archive.read(file, {bundle.SUMS: _MAX_LISTED, _REPORT: _MAX_PAGE})
            sums = members.get(bundle.SUMS)
            expected = bundle.listed(sums.content if sums and sums.content else b"")
        except DamagedArchive as error:
            if not problems:
                raise NotChecked(f"{path} is not a bundle, or a damaged one: {error}") from None
            return Check(str(path), tuple(right), (*problems, Problem(path.name, f"the archive is damaged: {error}")))
    listed_as = {name: member.sha256 for name, member in members.items() if name != bundle.SUMS}
    wrong = list(_not_as_listed(path.name, expected, listed_as))
    if not wrong:
        right.append(f"each of {len(listed_as):,} files has the hash that {bundle.SUMS} gives")
    problems += wrong
    if origin is None:
        return Check(str(path), tuple(right), tuple(problems), (_OWN_SUMS_ONLY,))
    notes = _check_answer(path, members, origin, right, problems, is_logged=is_logged)
    return Check(str(path), tuple(right), tuple(problems), (*notes, RESEALING))


def read_claims(page: bytes, where: str) -> ReportClaims:
    """Return the provenance in a report. Raises NotChecked for a file that is not a report."""
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


def _compared(content: bytes, claims: ReportClaims, origin: Origin, where: str) -> tuple[list[str], list[Problem]]:
    """Compare a page with the one that the case gives under the circumstances that the page claims."""
    then = manifests.read(origin.manifest, last=claims.ingest_id)
    problems = [Problem(where, what) for what in _unconfirmed(claims, origin, then)]
    if problems:
        return [], problems
    commit = then.commit
    state = replace(
        origin.now,
        ingest_id=claims.ingest_id,
        committed_at=commit.committed_at if commit else None,
        events=commit.events if commit else 0,
        files=len(then.source_files),
        custody_head=claims.custody_head,
    )
    try:
        page = origin.page(claims.subject, state)
    except NotAnIdentifier:
        return [], [Problem(where, "not compared: its subject is not an access key ID")]
    if page.address_files != claims.address_databases:
        return [], [Problem(where, _other_address_files(claims.address_databases, page.address_files))]
    if page.content == content:
        return [f"the page is byte for byte what the case gives for {claims.subject}"], []
    line = _first_difference(content, page.content)
    what = (
        f"the page is not byte for byte what the case gives for {claims.subject}: line {line:,} is the first to differ"
    )
    if claims.ingest_id != origin.now.ingest_id:
        what += "; the case has grown since, so its answer can differ; make the report again"
    return [], [Problem(where, what)]


def _unconfirmed(claims: ReportClaims, origin: Origin, then: manifests.Manifest) -> list[str]:
    """List the claims that the case does not confirm. A page is rendered only if there are none."""
    now = origin.now
    if claims.case_id != now.case_id:
        return [f"not compared: it is a report of case {claims.case_id}, and this is case {now.case_id}"]
    wrong = []
    if claims.version != now.version:
        wrong.append(
            f"not compared: it was made by version {claims.version}, and this is {now.version}; make the report again,"
            f" or compare it with that version"
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
            f"not compared: its answer used {len(claimed):,} file(s) on addresses; name the same ones with --geo"
            " FILE or --ip-ranges FILE"
        )
    return "not compared: its answer did not use the files that --geo and --ip-ranges name, in their order"


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the number of the first line in which two texts differ."""
    lines = zip(one.split(b"\n"), other.split(b"\n"), strict=False)
    return next((number for number, (left, right) in enumerate(lines, 1) if left != right), one.count(b"\n") + 1)


def _check_beside(path: Path, sha256: str, right: list[str], problems: list[Problem]) -> None:
    """Compare the archive with the .sha256 file beside it, if there is one."""
    beside = bundle.sums_of(path)
    try:
        given = read_regular(beside, _MAX_SUMS)
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(beside.name, f"it cannot be read ({error.strerror})"))
        return
    is_same = given.split(b" ", 1)[0] == sha256.encode()
    _say(is_same, right, problems, path.name, f"the hash of the archive is the one in {beside.name}")


def _not_as_listed(where: str, expected: dict[str, str], found: dict[str, str]) -> list[Problem]:
    wrong = []
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            what = "not listed" if name not in expected else "missing" if name not in found else "changed"
            wrong.append(Problem(f"{where}: {name}", f"{what}, according to {bundle.SUMS}"))
    return wrong


def _check_answer(
    path: Path,
    members: dict[str, Member],
    origin: Origin,
    right: list[str],
    problems: list[Problem],
    *,
    is_logged: bool,
) -> list[str]:
    """Compare the report and the answer in a bundle with the case; returns notes on what could not be compared.

    A bundle whose hash is in the log was written by the case, also if the case has grown since.
    """
    where, now = f"{path.name}: {_REPORT}", origin.now
    page = members[_REPORT].content if _REPORT in members else None
    if page is None:
        problems.append(Problem(where, "it is missing, so the answer was not compared"))
        return []
    claims = read_claims(page, where)
    is_later = (claims.ingest_id, claims.version) != (now.ingest_id, now.version)
    if is_logged and claims.case_id == now.case_id and is_later:
        return ["its answer was not compared: since the bundle was made, the case has grown or the version has changed"]
    more, wrong = _compared(page, claims, origin, where)
    if not wrong:
        answer = hashlib.sha256(origin.answer(claims.subject)).hexdigest()
        is_same = _ANSWER in members and members[_ANSWER].sha256 == answer
        _say(is_same, more, wrong, f"{path.name}: {_ANSWER}", f"{_ANSWER} is what the case gives for {claims.subject}")
    right += more
    problems += wrong
    return []


def _say(is_right: bool, right: list[str], problems: list[Problem], where: str, statement: str) -> None:
    """Add a statement, which contains `is`, or its negation."""
    if is_right:
        right.append(statement)
    else:
        problems.append(Problem(where, statement.replace(" is ", " is not ", 1)))
