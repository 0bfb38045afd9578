"""Verification and custody on screen: what is verified, what is wrong, and what is not verified."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from forensics.answers.ingest_answer import Unread
from forensics.answers.rows_answer import Rows
from forensics.answers.verify_answer import (
    Bundle,
    ChainBreak,
    Check,
    CheckedSeal,
    Custody,
    CustodyEntry,
    DigestChain,
    Extract,
    FileStatus,
    Integrity,
    Problem,
    Seal,
    Verification,
    VerifiedFile,
    Windows,
)
from forensics.output.lines import BLANK, Line, Span, and_more, heading, labelled, line
from forensics.output.words import DIGEST_STYLES, count, minute, readable_time

_LABEL = 12
_SHOWN = 20
_WRONG = (FileStatus.UNLISTED, FileStatus.CHANGED, FileStatus.MISSING)


def render_verification(answer: Verification) -> Iterator[Line]:
    """Return the counts, then what is wrong, then each chain of digests, then what is not verified."""
    yield line((answer.subject, "bold"))
    yield _counts("log files", answer.logs)
    yield _counts("digests", answer.digests)
    if answer.moved is not None:
        style = "warn" if answer.moved else "good"
        yield _labelled("locations", (f"{answer.moved:,} moved since AWS delivered them", style))
    for key in answer.public_keys:
        what = (f"refused: {key.refused}", "bad") if key.refused else f"{count(key.digests, 'digest')} signed with it"
        yield _labelled("key", f"{key.fingerprint}  from {key.source}: ", what)
    if answer.integrity:
        yield from _integrity(answer.integrity)
    yield from _files(answer.files)
    yield from _skipped(answer.skipped)
    for chain in answer.chains:
        yield BLANK
        yield from _chain(chain)
    yield BLANK
    yield heading("Not verified")
    for limit in answer.limits:
        yield line(limit, indent=2, hang=4)


def verification_rows(answer: Verification) -> Rows:
    """Return one row per file."""
    columns = ("name", "kind", "status", "is_proven", "moved", "s3_bucket", "s3_object", "digest", "reason")
    rows = tuple(
        (f.name, f.kind, str(f.status), f.is_proven, f.moved, f.s3_bucket, f.s3_object, f.digest, f.reason)
        for f in answer.files
    )
    return Rows(columns, rows, len(rows))


def render_custody(answer: Custody) -> Iterator[Line]:
    """Return every entry of the custody log, and what was changed in it."""
    for entry in answer.entries:
        yield from _entry(entry)
    yield BLANK
    if answer.problems:
        yield heading("The log was changed")
        yield from _problems(answer.problems)
    else:
        yield line(f"{count(len(answer.entries), 'entry', 'entries')} in an unbroken hash chain", indent=0)
    yield line(("head  ", "dim"), answer.head or "none: nothing was logged", indent=0)
    yield line(("note  ", "dim"), answer.note, indent=0, hang=6)


def render_seal(answer: Seal) -> Iterator[Line]:
    """Return the signed statement, the place of the signature, and the commands that verify it."""
    yield line(("sealed", "bold"), f"  the custody log up to entry {answer.number:,}")
    yield _labelled("signed", answer.statement.strip())
    yield _labelled("saved in", answer.file or ("no file: the case is not writable; save the text below", "warn"))
    yield BLANK
    yield heading("Verify the signature")
    yield line("forensics verify --case DIR --allowed-signers FILE", indent=2)
    yield line("or without this program:", indent=2)
    yield from _ssh_keygen_command(answer)
    yield line("FILE has one line per signer: NAME KEY-TYPE KEY, the last two as in the .pub file", indent=2, hang=4)
    yield BLANK
    for row in answer.signature.splitlines():
        yield line(row, indent=0)


def _ssh_keygen_command(answer: Seal) -> Iterator[Line]:
    """Return the command in lines of at most 80 columns, because a wrapped command cannot be pasted."""
    *words, head = answer.statement.split()
    yield line(f"echo {' '.join(words[:3])} \\", indent=4)
    yield line(f"{' '.join(words[3:])} \\", indent=6)
    yield line(f"{head} |", indent=6)
    yield line(f"ssh-keygen -Y verify -f FILE -I NAME -n {answer.namespace} -s SIG.sig", indent=6)


def render_check(answer: Check) -> Iterator[Line]:
    """Return what is verified, and what is wrong."""
    yield line((answer.subject, "bold"))
    for statement in answer.right:
        yield line(("OK    ", "good"), statement, indent=2, hang=9)
    for problem in answer.problems:
        yield line(("WRONG ", "bad"), f"{problem.where}: {problem.what}", indent=2, hang=9)
    for note in answer.notes:
        yield line(("note  ", "dim"), note, indent=2, hang=9)


def render_extract(answer: Extract) -> Iterator[Line]:
    """Return each record below its event and its source files."""
    for number, one in enumerate(answer.originals):
        if number:
            yield BLANK
        account = f"  account {one.recipient_account_id}" if one.recipient_account_id else ""
        yield line((one.event_id or "event without ID", "bold"), account)
        for copy in one.copies:
            status = copy.digest_status
            digest = ("  ", ("file " + status, DIGEST_STYLES[status])) if status else ()
            which = ", this record or a differing copy" if copy.may_differ else ""
            where = f"record {copy.position:,} of {copy.source_file or copy.source_sha256}{which}"
            yield line((where, "dim"), *digest, indent=2, hang=4)
        masked = ", secrets masked" if one.is_masked else ""
        exact = "" if one.is_exact else ", bytes that are not UTF-8 replaced"
        yield line((f"SHA-256 of the record as delivered {one.record_sha256}{masked}{exact}", "dim"), indent=2, hang=4)
        yield line(one.record, indent=2, hang=2)
        for other in one.conflicts:
            where = f" in {other.differs_in}" if other.differs_in else ""
            yield line(
                (f"a copy ({other.delivery}) differs{where}", "warn"),
                f"  SHA-256 {other.record_sha256}",
                indent=2,
                hang=4,
            )
            yield line(other.record, indent=2, hang=2)


def raw_records(answer: Extract) -> str:
    """Return the text of the records, one per line."""
    return "".join(f"{one.record}\n" for one in answer.originals)


def render_bundle(answer: Bundle) -> Iterator[Line]:
    """Return what was packed, and what could not be packed."""
    yield line((answer.path, "bold"), f"  {count(answer.files, 'file')}")
    yield _labelled("SHA-256", answer.sha256)
    if answer.custody_head:
        yield _labelled("log head", answer.custody_head)
    complete = [one for one in answer.sources if one.packed_as]
    yield _labelled("sources", f"{len(complete):,} of {count(len(answer.sources), 'file')} with cited events, complete")
    yield _labelled("digests", f"{answer.digests:,}, {answer.signed_digests:,} of them with signature")
    for one in answer.sources:
        if one.why:
            yield line((one.why, "warn"), f"  {one.source_file}", indent=2, hang=4)
    if complete:
        yield line(("Source files are packed as delivered and may contain session tokens", "warn"), indent=2)
    yield line(f"Verify with its INSTRUCTIONS.txt, or with forensics verify {shlex.quote(answer.path)}", indent=2)


def _integrity(answer: Integrity) -> Iterator[Line]:
    entries = count(answer.custody_entries, "log entry", "log entries")
    checked = f"{count(answer.lake_files, 'lake file')}, manifest, tables, {entries}: "
    changed = "changed since the last command"
    verdict = (changed, "bad") if answer.problems else (f"un{changed}", "good")
    yield _labelled("case", checked, verdict)
    yield _labelled("contents", answer.case_fingerprint or "cannot be read")
    yield _labelled("log head", answer.custody_head or "nothing was logged")
    if answer.seal:
        yield _labelled("seal", (f"valid up to entry {answer.seal.number:,}, signed by {answer.seal.signer}", "good"))
        if answer.seal.later_entries:
            yield _labelled("unsigned", _later_entries(answer.seal))
    if answer.seal_problem:
        yield _labelled("seal", ("no valid signature", "bad"), f": {answer.seal_problem}")
    if not answer.problems:
        yield _labelled("note", answer.note)
    if answer.problems:
        yield BLANK
        yield heading("Changed since the last command")
        yield from _problems(answer.problems)
    if answer.leftovers:
        yield BLANK
        yield heading("Leftovers of killed commands (harmless)")
        yield from _problems(answer.leftovers, style="dim")


def _later_entries(seal: CheckedSeal) -> str:
    changes = f", {seal.later_changes:,} of them added to the case" if seal.later_changes else ""
    return f"{count(seal.later_entries, 'later entry', 'later entries')}{changes}"


def _problems(problems: Sequence[Problem], style: str = "bad") -> Iterator[Line]:
    for problem in problems[:_SHOWN]:
        yield line((problem.where, style), f": {problem.what}", indent=2, hang=4)
    yield from _more(len(problems))


def _files(files: Sequence[VerifiedFile]) -> Iterator[Line]:
    wrong = [one for one in files if one.status in _WRONG or one.moved]
    if not wrong:
        return
    yield BLANK
    yield heading("Unlisted, changed, missing or moved")
    for one in wrong[:_SHOWN]:
        is_moved_only = one.status not in _WRONG
        word = ("moved", "warn") if is_moved_only else (str(one.status), DIGEST_STYLES[one.status])
        yield line(word, f"  {one.kind} {one.name or one.s3_object}", indent=2, hang=4)
        if one.moved:
            yield line((f"delivered to s3://{one.s3_bucket}/{one.s3_object}", "dim"), indent=4, hang=6)
        if not is_moved_only:
            yield line((one.reason, "dim"), indent=4, hang=6)
    yield from _more(len(wrong))


def _skipped(files: Sequence[Unread]) -> Iterator[Line]:
    if files:
        yield BLANK
        yield heading(f"Skipped: {count(len(files), 'file')}")
    for one in files[:_SHOWN]:
        yield line((one.name, "warn"), f": {one.reason}", indent=2, hang=4)
    yield from _more(len(files))


def _chain(chain: DigestChain) -> Iterator[Line]:
    backfill = ", backfill" if chain.backfill else ""
    yield line(
        (f"trail {chain.trail}", "bold"),
        f" (home region {chain.home_region}), account {chain.account_id}, {chain.aws_region}{backfill}",
    )
    yield line(_minutes(chain.from_, chain.to), f"; digests: {_by_status(chain.digests)}", indent=2, hang=4)
    if chain.contested:
        digests = count(chain.contested, "digest")
        yield line(
            (f"{digests} contested: digests of the same region and time are signed with another key", "bad"), indent=2
        )
    for windows in islice(chain.windows, _SHOWN):
        yield from _windows(windows)
    yield from _more(len(chain.windows))
    for one in chain.breaks[:_SHOWN]:
        yield _break(one)
    yield from _more(len(chain.breaks))


def _windows(run: Windows) -> Iterator[Line]:
    if run.verified:
        what = ("verified", "good")
    elif run.complete:
        what = (f"complete, {run.status}", "warn")
    else:
        what = ("not verified" if run.status == FileStatus.CHANGED else "incomplete", "bad")
    files = f"{run.unchanged:,} of {count(run.files, 'delivered file')} present and unchanged"
    yield line(_minutes(run.from_, run.to), "  ", what, f": {files}", indent=2, hang=4)
    if run.first_event_time and run.last_event_time:
        yield line((f"events {_minutes(run.first_event_time, run.last_event_time)}", "dim"), indent=4, hang=6)


def _break(one: ChainBreak) -> Line:
    since = readable_time(one.to)
    if one.kind == "gap":
        assert one.from_
        missing = f"at least {count(one.at_least, 'digest')} missing"
        return line(
            _minutes(one.from_, one.to), "  ", ("gap", "bad"), f": {missing}, the last is {one.s3_object}", indent=2
        )
    if one.kind == "restart":
        return line(
            f"{since}  ", ("restart", "warn"), ": the chain starts over, although older digests are present", indent=2
        )
    if one.kind == "fork":
        return line(f"{since}  ", ("fork", "bad"), ": another digest claims the same predecessor", indent=2)
    before = f"; its predecessor, {one.s3_object}, is missing" if one.s3_object else ": the first of the trail"
    return line(f"{since}  the oldest digest present{before}", indent=2)


def _entry(entry: CustodyEntry) -> Iterator[Line]:
    yield line(
        (f"{entry.number:>4}  ", "dim"),
        f"{entry.time.replace('T', ' ')}  ",
        (entry.command, "bold"),
        f"  {_parameters(entry.parameters)}",
        hang=8,
    )
    answer = f", answer {entry.answer_sha256}" if entry.answer_sha256 else ""
    yield line((f"by {entry.by}, version {entry.version}{answer}", "dim"), indent=6, hang=8)


def _parameters(parameters: Mapping[str, object]) -> str:
    parts = []
    for name, value in parameters.items():
        if value not in (None, False, [], ""):
            text = " ".join(str(one) for one in value) if isinstance(value, list) else str(value)
            parts.append(f"{name} {text}")
    return ", ".join(parts)


def _counts(label: str, counts: Mapping[str, int]) -> Line:
    parts: list[tuple[str, str] | str] = []
    for status, number in counts.items():
        parts += [", " if parts else "", (f"{number:,} {status}", DIGEST_STYLES[FileStatus(status)])]
    return _labelled(label, *(parts or ["none"]))


def _by_status(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {status}" for status, number in counts.items())


def _minutes(start: datetime, end: datetime) -> str:
    return f"{minute(start)} to {minute(end)}"


def _labelled(label: str, *parts: str | Span) -> Line:
    return labelled(label, *parts, width=_LABEL)


def _more(number: int) -> Iterator[Line]:
    if number > _SHOWN:
        yield and_more(f"{number - _SHOWN:,} more", indent=2)
