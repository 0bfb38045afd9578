"""Errors: every error that a method of `Case` raises for its input. Each message is one line for a person.

ForensicsError
├── InputError       NotAnIdentifier (SecretRefused), NoSuchSource, NotAnS3Url, NotAddressDatabase, NotIpRanges
├── QueryError       QueryFailed, UnusableQuery (MisusedQuery), UnusableFilter; the last two are also InputErrors
├── CaseError        NotACase, CaseBusy, DamagedManifest, ChangedLake, ChangedRecord, CannotRead
├── IngestError      IngestFailed, NoLogs, NothingFound, AwsFailed, Declined
├── OutputError      CannotWrite, CannotSeal, NotChecked
└── FormatError      a file is not in the format that it was read as; handled inside the program
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_LONGEST_REASON = 300


class ForensicsError(Exception):
    """Base of all errors of this package."""


class InputError(ForensicsError):
    """An input that the user named cannot be used."""


class NotAnIdentifier(InputError, ValueError):
    """The text is not an identifier that CloudTrail could hold."""


class SecretRefused(NotAnIdentifier):
    """The text looks like a secret access key or a session token, so no message repeats it."""


class NoSuchSource(InputError):
    """A path does not exist, or is not a file or folder."""


class NoSuchSubject(InputError):
    """No actor or role has the name, or several have."""


class NotAnS3Url(InputError):
    """The text is not a URL of S3."""


class NotAddressDatabase(InputError):
    """The file is not a database in MaxMind's format."""


class NotIpRanges(InputError):
    """The file is not AWS's list of its addresses."""


class QueryError(ForensicsError):
    """A query cannot be run."""


class QueryFailed(QueryError):
    """A query was refused or failed."""


class UnusableQuery(QueryError):
    """A saved query cannot be run, for example because it is damaged."""


class MisusedQuery(UnusableQuery, InputError):
    """A saved query does not exist, lacks a required parameter, or was given an unknown one."""


class UnusableFilter(QueryError, InputError, ValueError):
    """A filter of events names an unknown column or outcome, has an empty value, or is not a regular expression."""


class CaseError(ForensicsError):
    """The case cannot be used as it is."""


class NotACase(CaseError):
    """The folder is not a case, or not one that this version can read."""


class CaseBusy(CaseError):
    """Another ingest holds the case."""


class DamagedManifest(CaseError):
    """A line of the manifest is not one that an ingest wrote.

    Args:
        path: the manifest.
        line: the number of the line, from 1; None for the whole file.
        reason: what is wrong with it.
    """

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        short = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."
        self.reason = f"line {line} is damaged: {short}" if line else short
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(
            f"{where} is damaged: {short}. `forensics verify` lists every change;"
            " `forensics ingest LOGS --case NEW` creates a new case"
        )


class ChangedLake(CaseError):
    """A file of the lake differs from its entry in the manifest."""

    def __init__(self, path: Path, wrong: str) -> None:
        super().__init__(
            f"{path}: {wrong}. `forensics verify` lists every changed file; ingest the logs into a new case"
        )


class ChangedRecord(CaseError):
    """A record that an answer cites differs from the one that the tables were built from."""


class CannotRead(CaseError):
    """DuckDB cannot read a file of the case."""


class IngestError(ForensicsError):
    """An ingest added nothing, or not everything."""


class IngestFailed(IngestError):
    """The ingest ended early; the message says what the case holds now."""


class NoLogs(IngestError):
    """No CloudTrail event was found."""


class NothingFound(IngestError):
    """No object was found in S3, or no event in LookupEvents."""


class AwsFailed(IngestError):
    """An AWS API could not be used at all."""


class Declined(IngestError):
    """The confirmation callback returned false; nothing was fetched.

    Args:
        estimate: the `Estimate` or `LookupEstimate` that the callback was given.
    """

    def __init__(self, estimate: Any) -> None:
        super().__init__("nothing was fetched")
        self.estimate = estimate


class OutputError(ForensicsError):
    """A file cannot be written, signed or checked."""


class CannotWrite(OutputError):
    """The file cannot be written."""


class CannotSeal(OutputError):
    """The head of the custody log was not signed, or its signature cannot be checked."""


class NotChecked(OutputError):
    """The file cannot be checked."""


class FormatError(ForensicsError):
    """The bytes are not in the expected format."""
