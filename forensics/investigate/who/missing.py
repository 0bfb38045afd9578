"""Missing: which logs would carry a walk further, told from what is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from forensics.answers.who_answer import Missing
from forensics.investigate.filters import Filters
from forensics.investigate.loaded_spans import loaded_regions, verified_hours
from forensics.investigate.sql_rows import rows
from forensics.investigate.who.who_rows import LoadedHourRow, TrailStopRow
from forensics.records.regions import home_region

_HOUR = timedelta(hours=1)
# A token of GetSessionToken lives up to 36 hours; nothing that was issued earlier was still good.
_LONGEST_LIFE = timedelta(hours=36)
_S3_EXPRESS = "s3express.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Sought:
    """An issuance that was not found: the account that would hold it and when it was made, or first used."""

    account_id: str | None
    issued_at: datetime | None
    first_use: datetime | None
    aws_region: str | None = None
    data_events_of: str | None = None
    """The service that hands out a credential like this one by a data event."""


class CoverageOfLinks:
    """What is loaded of the accounts that some issuances are sought in."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sought: Iterable[Sought]) -> None:
        wanted = [one for one in sought if one.account_id]
        accounts = sorted({one.account_id for one in wanted if one.account_id})
        timed = sorted({(one.account_id, _hour(one.issued_at)) for one in wanted if one.issued_at})
        self._regions = loaded_regions(connection, accounts)
        asked = {"accounts": [account for account, _ in timed], "hours": [hour for _, hour in timed]}
        loaded = rows(connection, LoadedHourRow, "who/coverage_of_hours", **asked) if timed else []
        self._hours = {(row.recipient_account_id, row.aws_region, row.hour) for row in loaded}
        self._stops = rows(connection, TrailStopRow, "who/trail_stops", accounts=accounts) if accounts else []
        self._filters = Filters(connection)
        self._verified = verified_hours(connection) if timed else []

    def missing(self, sought: Sought) -> tuple[Missing, ...]:
        """What to load to find it; never empty."""
        return tuple(self._missing(sought))

    def _missing(self, sought: Sought) -> Iterator[Missing]:
        account = sought.account_id
        start, end = _span(sought)
        if sought.data_events_of:
            yield Missing(account, sought.aws_region, start, end, "data_events_needed", sought.data_events_of)
            return
        moment = sought.issued_at or start
        loaded = {row.aws_region: row for row in self._regions if row.recipient_account_id == account}
        if not loaded:
            why = self._unless_left_out("account_not_loaded", account, None, moment)
            yield Missing(account, sought.aws_region, start, end, why)
            return
        first = min(row.first_event_time for row in loaded.values())
        if start is None or end is None:
            yield Missing(account, None, None, first, "before_first_event")
            return
        if (sought.issued_at or start) < first:
            why = self._unless_left_out("before_first_event", account, None, moment)
            yield Missing(account, sought.aws_region, start, end, why)
            return
        found = False
        regions = {region for region in loaded if region}  # a damaged record may name none
        for region in sorted(regions | {home_region(region) for region in regions}):
            if stopped_by := self._stopped_by(sought, region):
                found = True
                yield Missing(account, region, start, end, "trail_stopped", event_id=stopped_by.event_id)
            elif region not in regions:
                found = True
                why = self._unless_left_out("region_not_loaded", account, region, moment)
                yield Missing(account, region, start, end, why)
            elif sought.issued_at and (account, region, start) not in self._hours:
                found = True
                why = "not_delivered" if self._is_verified(account, region, start) else "hour_empty"
                yield Missing(account, region, start, end, self._unless_left_out(why, account, region, moment))
        if not found:
            hour = sought.issued_at and start
            is_whole = (
                hour is not None and regions and all(self._is_verified(account, region, hour) for region in regions)
            )
            yield Missing(account, sought.aws_region, start, end, "not_delivered" if is_whole else "hour_incomplete")

    def _is_verified(self, account: str | None, region: str, hour: datetime) -> bool:
        """Whether digests prove that every file which was delivered of an hour is here."""
        return any(
            (row.account_id, row.aws_region) == (account, region) and row.start_hour <= hour < row.end_hour
            for row in self._verified
        )

    def _unless_left_out(self, why: str, account: str | None, region: str | None, moment: datetime | None) -> str:
        """Why something is not loaded: a filter, where no ingest looked there."""
        return "excluded_by_filter" if self._filters.left_out(account, region, moment) else why

    def _stopped_by(self, sought: Sought, region: str) -> TrailStopRow | None:
        """What stopped, or narrowed, a trail of the account before the issuance and until after it."""
        issued_at = sought.issued_at
        if issued_at is None:
            return None
        for stop in self._stops:
            of_this = stop.account_id == sought.account_id and stop.home_region != region
            began = stop.event_time is not None and stop.event_time < issued_at
            if of_this and began and (stop.until is None or issued_at < stop.until):
                return stop
        return None


def _span(sought: Sought) -> tuple[datetime | None, datetime | None]:
    if sought.issued_at:
        return _hour(sought.issued_at), _hour(sought.issued_at) + _HOUR
    if sought.first_use:
        return sought.first_use - _LONGEST_LIFE, sought.first_use
    return None, None


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def data_events_of(session_name: str | None, event_source: str | None) -> str | None:
    """The service whose data events alone tell who was handed a credential, by what the credential looks like.

    Cognito's and SSM's name their sessions so (docs/attribution.md#session-names); S3 Express's key opens directory
    buckets only.
    """
    if session_name == "CognitoIdentityCredentials":
        return "cognito-identity.amazonaws.com"
    if (session_name or "").startswith("mi-"):
        return "ssm.amazonaws.com"
    return _S3_EXPRESS if event_source == _S3_EXPRESS else None
