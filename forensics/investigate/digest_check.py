"""Digest check: what digests prove of the files that an answer rests on, and which delivery windows leave it open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from forensics.answers.core import DigestCheck, DigestState, OpenWindow, SigningKey
from forensics.investigate.sql_rows import Row, rows


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """What an answer rests on: an account, a region and a time. Null is any account, any region, or an open end."""

    account_id: str | None = None
    aws_region: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def digest_check(connection: duckdb.DuckDBPyConnection, spans: Iterable[CheckedSpan]) -> DigestCheck:
    """What digests prove of the files of a case, with the windows in doubt that some spans rest on."""
    keys = tuple(SigningKey(row.fingerprint, row.source) for row in rows(connection, "signing_keys"))
    if not keys:
        (counted,) = rows(connection, "digests_loaded")
        return DigestCheck(DigestState.NOT_PROVEN if counted.digests else DigestState.NONE)
    asked = sorted(set(spans), key=repr)
    windows = rows(
        connection,
        "open_windows",
        accounts=[span.account_id for span in asked],
        regions=[span.aws_region for span in asked],
        starts=[span.start for span in asked],
        ends=[span.end for span in asked],
    )
    return DigestCheck(DigestState.PROVEN, keys, tuple(_open_window(row) for row in windows))


def _open_window(row: Row) -> OpenWindow:
    return OpenWindow(row.account_id, row.aws_region, row.trail, row.from_, row.to, row.why, tuple(row.missing))


def of_credentials(connection: duckdb.DuckDBPyConnection, credential_ids: Iterable[str]) -> list[CheckedSpan]:
    """The days on which some credentials were used, and the seconds in which they were issued."""
    ids = sorted(set(credential_ids))
    return [CheckedSpan(row.account_id, None, row.start, row.end) for row in rows(connection, "spans_of_uses", ids=ids)]
