"""Bundle check: compares a bundle with its own hashes, and with the case that it was created from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forensics.answers.verify_answer import RESEALING, Check, Problem
from forensics.errors import NotChecked
from forensics.files.path_text import as_text
from forensics.files.regular_files import open_named, read_regular
from forensics.identifiers import access_key
from forensics.proof import bundle_archive as archive
from forensics.proof import packing
from forensics.proof.bundle_archive import BundleMember, DamagedArchive
from forensics.proof.origin import Origin
from forensics.proof.report_check import MAX_PAGE, compared, read_claims

_MAX_LISTED = 32 << 20
_MAX_SUMS = 4096
_REPORT, _ANSWER = "report.html", "answer.json"

_OWN_SUMS_ONLY = (
    "only the bundle's own hashes were checked, and anyone who changes it can compute them again; add --case DIR to"
    " compare it with its case"
)


def check_bundle(path: Path, origin: Origin | None = None) -> Check:
    """Return the check of a bundle. Needs no case.

    Args:
        path: the bundle.
        origin: the case to compare it with; None to check only the bundle's own hashes.

    Raises:
        NotChecked: the file is not a bundle, or is damaged.
        OSError: the file cannot be read.
    """
    right: list[str] = []
    problems: list[Problem] = []
    name = as_text(path.name)
    with open_named(path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        _check_beside(path, sha256, right, problems)
        is_logged = origin is not None and any(
            entry.answer_sha256 == sha256 for entry in origin.log.entries if entry.command == "bundle"
        )
        if origin is not None:
            _add(is_logged, right, problems, name, "the hash of the archive is in the custody log of the case")
        try:
            members = archive.read(file, {packing.SUMS: _MAX_LISTED, _REPORT: MAX_PAGE})
            sums = members.get(packing.SUMS)
            expected = packing.listed(sums.content if sums and sums.content else b"")
        except DamagedArchive as error:
            if not problems:
                raise NotChecked(f"{path} is not a bundle, or a damaged one: {error}") from None
            return Check(
                as_text(path),
                tuple(right),
                (*problems, Problem(name, f"the archive is damaged: {error}")),
            )
    listed_as = {name: member.sha256 for name, member in members.items() if name != packing.SUMS}
    wrong = list(_not_as_listed(name, expected, listed_as))
    if not wrong:
        right.append(f"each of {len(listed_as):,} files has the hash that {packing.SUMS} gives")
    problems += wrong
    if origin is None:
        return Check(as_text(path), tuple(right), tuple(problems), (_OWN_SUMS_ONLY,))
    notes = _check_answer(path, members, origin, right, problems, is_logged=is_logged)
    return Check(as_text(path), tuple(right), tuple(problems), (*notes, RESEALING))


def _check_beside(path: Path, sha256: str, right: list[str], problems: list[Problem]) -> None:
    """Compare the archive with the .sha256 file beside it, if any."""
    beside = packing.sums_of(path)
    try:
        given = read_regular(beside, _MAX_SUMS)
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(as_text(beside.name), f"it cannot be read ({error.strerror})"))
        return
    is_same = given.split(b" ", 1)[0] == sha256.encode()
    what = f"the hash of the archive is the one in {as_text(beside.name)}"
    _add(is_same, right, problems, as_text(path.name), what)


def _not_as_listed(where: str, expected: dict[str, str], found: dict[str, str]) -> list[Problem]:
    wrong = []
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            what = "not listed" if name not in expected else "missing" if name not in found else "changed"
            wrong.append(Problem(f"{where}: {name}", f"{what}, according to {packing.SUMS}"))
    return wrong


def _check_answer(
    path: Path,
    members: dict[str, BundleMember],
    origin: Origin,
    right: list[str],
    problems: list[Problem],
    *,
    is_logged: bool,
) -> list[str]:
    """Compare the report and the answer in a bundle with the case, and return notes on what was not compared.

    If the hash of the archive is in the custody log, the case wrote it, so a later ingest is not a problem.
    """
    name, now = as_text(path.name), origin.state
    where = f"{name}: {_REPORT}"
    page = members[_REPORT].content if _REPORT in members else None
    if page is None:
        problems.append(Problem(where, "it is missing, so the answer was not compared"))
        return []
    claims = read_claims(page, where)
    is_later = (claims.ingest_id, claims.version) != (now.ingest_id, now.version)
    if is_logged and claims.case_id == now.case_id and is_later:
        return [
            (
                "its answer was not compared: the case or the version has changed since the bundle was created;"
                " create it again"
            )
        ]
    more, wrong = compared(page, claims, origin, where)
    if not wrong:
        answer = hashlib.sha256(packing.answer_file(origin.key(access_key(claims.subject)))).hexdigest()
        is_same = _ANSWER in members and members[_ANSWER].sha256 == answer
        _add(is_same, more, wrong, f"{name}: {_ANSWER}", f"{_ANSWER} is what the case gives for {claims.subject}")
    right += more
    problems += wrong
    return []


def _add(is_right: bool, right: list[str], problems: list[Problem], where: str, statement: str) -> None:
    """Add `statement` to `right` if it is right; otherwise, add it to `problems` with `is not` instead of `is`."""
    if is_right:
        right.append(statement)
    else:
        problems.append(Problem(where, statement.replace(" is ", " is not ", 1)))
