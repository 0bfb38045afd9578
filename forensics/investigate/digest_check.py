"""Digest check: what digests prove of the files that an answer rests on, and which delivery windows leave it open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from forensics.answers.core import DigestCheck, DigestState, Evidence, OpenWindow, SigningKey
from forensics.investigate.sql_rows import Row, rows, values


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """What an answer rests on: an account, a region and a time. Null is any account, any region, or an open end."""

    account_id: str | None = None
    aws_region: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class DigestRegionRow(Row, frozen=True):
    """The period of the loaded digests of a region."""

    aws_region: str
    start: datetime
    end: datetime


def digest_regions(connection: duckdb.DuckDBPyConnection) -> list[DigestRegionRow]:
    """Return the regions of the loaded digests."""
    return rows(connection, DigestRegionRow, "digest_regions")


def digest_check(connection: duckdb.DuckDBPyConnection, spans: Iterable[CheckedSpan]) -> DigestCheck:
    """What digests prove of the files of a case, with the windows in doubt that some spans rest on."""
    keys = tuple(rows(connection, SigningKey, "signing_keys"))
    if not keys:
        (digests,) = values(connection, int, "digests_loaded")
        return DigestCheck(DigestState.NOT_PROVEN if digests else DigestState.NONE)
    asked = sorted(set(spans), key=repr)
    windows = rows(
        connection,
        OpenWindow,
        "open_windows",
        accounts=[span.account_id for span in asked],
        regions=[span.aws_region for span in asked],
        starts=[span.start for span in asked],
        ends=[span.end for span in asked],
    )
    return DigestCheck(DigestState.PROVEN, keys, tuple(windows))


def of_events(events: Iterable[Evidence]) -> list[CheckedSpan]:
    """Return the times of some events."""
    return [CheckedSpan(one.recipient_account_id, one.aws_region, one.event_time, one.event_time) for one in events]


def of_credentials(connection: duckdb.DuckDBPyConnection, credential_ids: Iterable[str]) -> list[CheckedSpan]:
    """The days on which some credentials were used, and the seconds in which they were issued."""
    return rows(connection, CheckedSpan, "spans_of_uses", ids=sorted(set(credential_ids)))
