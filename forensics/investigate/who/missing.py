"""Missing: the logs that could continue a walk, derived from what is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from forensics.answers.who_answer import Missing
from forensics.investigate.filters import Filters
from forensics.investigate.loaded_spans import loaded_regions, verified_hours
from forensics.investigate.periods import hour_of, shifted
from forensics.investigate.sql_rows import Connection, rows, values
from forensics.investigate.who.who_rows import LoadedHourRow, TrailStopRow
from forensics.records.regions import home_region

_HOUR = timedelta(hours=1)
# the maximum lifetime of a token of GetSessionToken: anything issued earlier had expired
_LONGEST_LIFE = timedelta(hours=36)
_S3_EXPRESS = "s3express.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Sought:
    """An issuance that was not found: its account, and the time of the issuance or of the first use."""

    account_id: str | None
    issued_at: datetime | None
    first_use: datetime | None
    data_events_of: str | None = None
    """The service that issues a credential like this one by a data event."""
    is_loaded: bool = False
    """Whether a record of the issuance is loaded but is not evidence."""
    is_assume_root: bool = False
    is_of_role: bool = False
    """Whether it issued a session of a role."""


class CoverageOfLinks:
    """What is loaded of the accounts with missing issuances."""

    def __init__(self, connection: Connection, sought: Iterable[Sought]) -> None:
        wanted = [one for one in sought if one.account_id]
        accounts = sorted({one.account_id for one in wanted if one.account_id})
        timed = sorted({(one.account_id, hour_of(one.issued_at)) for one in wanted if one.issued_at})
        self._regions = loaded_regions(connection, accounts)
        asked = {"accounts": [account for account, _ in timed], "hours": [hour for _, hour in timed]}
        loaded = rows(connection, LoadedHourRow, "who/coverage_of_hours", **asked) if timed else []
        self._hours = {(row.recipient_account_id, row.aws_region, row.hour) for row in loaded}
        self._stops = rows(connection, TrailStopRow, "who/trail_stops", accounts=accounts) if accounts else []
        self._filters = Filters(connection)
        self._verified = verified_hours(connection) if timed else []
        without = values(connection, str, "who/accounts_without_assume_role", accounts=accounts) if accounts else []
        self._without_assume_role = set(without)
        is_for_root = any(one.is_assume_root for one in wanted)
        management = values(connection, str, "who/management_accounts") if is_for_root else []
        self._management_account = next(iter(management), None)

    def missing(self, sought: Sought) -> tuple[Missing, ...]:
        """Return the logs to load to find an issuance; never empty."""
        return tuple(self._missing(sought))

    def _missing(self, sought: Sought) -> Iterator[Missing]:
        account, (start, end) = sought.account_id, _span(sought)
        if sought.data_events_of:
            yield Missing(account, None, start, end, "data_events_needed", sought.data_events_of)
        if sought.is_assume_root:
            yield Missing(self._management_account, None, start, end, "assume_root_elsewhere")
        elif sought.is_loaded:
            yield Missing(account, None, start, end, "original_needed")
        else:
            yield from self._in_account(sought, start, end)

    def _in_account(self, sought: Sought, start: datetime | None, end: datetime | None) -> Iterator[Missing]:
        account, moment = sought.account_id, sought.issued_at or start
        loaded = [row for row in self._regions if row.recipient_account_id == account]
        first = min((row.first_event_time for row in loaded), default=None)
        if first is None:
            yield Missing(account, None, start, end, self._unless_excluded("account_not_loaded", account, None, moment))
        elif not any(row.management_events for row in loaded):
            yield Missing(account, None, start, end, "management_events_needed")
        elif account in self._without_assume_role:
            yield Missing(account, None, start, end, "trail_leaves_out")
        elif start is None or end is None or moment is None:
            yield Missing(account, None, None, first, "before_first_event")
        elif moment < first:
            yield Missing(account, None, start, end, self._unless_excluded("before_first_event", account, None, moment))
        else:
            regions = {row.aws_region for row in loaded if row.aws_region}  # a damaged record may have no region
            found = list(self._in_regions(sought, regions, start, end))
            is_whole = sought.issued_at and regions and all(self._is_verified(account, one, start) for one in regions)
            why = "not_delivered" if is_whole else "hour_incomplete"
            yield from found or [Missing(account, None, start, end, why)]

    def _in_regions(self, sought: Sought, regions: set[str], start: datetime, end: datetime) -> Iterator[Missing]:
        account, moment = sought.account_id, sought.issued_at or start
        for region in sorted(regions | {home_region(region) for region in regions}):
            if stopped_by := self._stopped_by(sought, region):
                yield Missing(account, region, start, end, "trail_stopped", event_id=stopped_by.event_id)
            elif region not in regions:
                why = self._unless_excluded("region_not_loaded", account, region, moment)
                yield Missing(account, region, start, end, why)
            elif sought.issued_at and (account, region, start) not in self._hours:
                why = "not_delivered" if self._is_verified(account, region, start) else "hour_empty"
                yield Missing(account, region, start, end, self._unless_excluded(why, account, region, moment))

    def _is_verified(self, account: str | None, region: str, hour: datetime) -> bool:
        """Return whether digests verify that every delivered file of an hour is loaded."""
        return any(
            (row.account_id, row.aws_region) == (account, region) and row.start_hour <= hour < row.end_hour
            for row in self._verified
        )

    def _unless_excluded(self, why: str, account: str | None, region: str | None, moment: datetime | None) -> str:
        """Return the reason, or a filter if every ingest excluded the logs."""
        return "excluded_by_filter" if self._filters.excluded(account, region, moment) else why

    def _stopped_by(self, sought: Sought, region: str) -> TrailStopRow | None:
        """Return the event that stopped or narrowed a trail of the account at the time of the issuance."""
        issued_at = sought.issued_at
        if issued_at is None:
            return None
        for stop in self._stops:
            of_this = stop.account_id == sought.account_id and stop.home_region != region
            of_this = of_this and not (stop.has_assume_role and sought.is_of_role)
            began = stop.event_time is not None and stop.event_time < issued_at
            if of_this and began and (stop.until is None or issued_at < stop.until):
                return stop
        return None


def _span(sought: Sought) -> tuple[datetime | None, datetime | None]:
    if sought.issued_at:
        return hour_of(sought.issued_at), shifted(hour_of(sought.issued_at), _HOUR)
    if sought.first_use:
        return shifted(sought.first_use, -_LONGEST_LIFE), sought.first_use
    return None, None


def data_events_of(session_name: str | None, event_source: str | None) -> str | None:
    """Return the service whose data events are needed to find the requester, by the form of the credential.

    Cognito and SSM use fixed session names (docs/attribution.md#session-names); a key of S3 Express calls only that
    service.
    """
    if session_name == "CognitoIdentityCredentials":
        return "cognito-identity.amazonaws.com"
    if (session_name or "").startswith("mi-"):
        return "ssm.amazonaws.com"
    return _S3_EXPRESS if event_source == _S3_EXPRESS else None
