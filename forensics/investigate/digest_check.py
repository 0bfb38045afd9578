"""Digest check: the verification by digests of the files behind an answer, and the delivery windows left in doubt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.core import DigestCheck, DigestState, Evidence, OpenWindow, SigningKey
from forensics.investigate.sql_rows import Connection, Row, rows, values


@dataclass(frozen=True, slots=True)
class CheckedSpan:
    """An account, a region and a time range behind an answer; None is any account, any region, or no limit."""

    account_id: str | None = None
    aws_region: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class DigestRegionRow(Row, frozen=True):
    """The period of the loaded digests of a region."""

    aws_region: str
    start: datetime
    end: datetime


def digest_regions(connection: Connection) -> list[DigestRegionRow]:
    """Return the regions of the loaded digests."""
    return rows(connection, DigestRegionRow, "digest_regions")


def digest_check(connection: Connection, spans: Iterable[CheckedSpan]) -> DigestCheck:
    """Return the verification of a case by digests, with the windows in doubt that overlap some spans."""
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


def spans_of_events(events: Iterable[Evidence]) -> list[CheckedSpan]:
    """Return the spans of some events."""
    return [CheckedSpan(one.recipient_account_id, one.aws_region, one.event_time, one.event_time) for one in events]


def spans_of_uses(connection: Connection, credential_ids: Iterable[str]) -> list[CheckedSpan]:
    """Return the days on which some credentials were used, and the seconds in which they were issued."""
    return rows(connection, CheckedSpan, "spans_of_uses", ids=sorted(set(credential_ids)))
