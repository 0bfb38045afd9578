"""CloudTrail Lake: results of queries on an event data store, from the console, the bucket and the AWS CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.spellings.athena import struct_text
from tests.spellings.containers import document, dump, moment, renamed, table
from tests.spellings.spelling import medium, same
from tests.spellings.world import Json

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html
_COLUMNS = (
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode"
    " errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources"
    " eventType apiVersion managementEvent recipientAccountId sharedEventID annotation vpcEndpointId"
    " vpcEndpointAccountId serviceEventDetails addendum edgeDeviceDetails insightDetails eventCategory tlsDetails"
    " sessionCredentialFromConsole eventJson eventJsonChecksum"
).split()
# maps of text
_MAPS = {"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}
_FIELDS = [name for name in _COLUMNS if not name.startswith("eventJson")]


def _cell(record: Json, name: str) -> str:
    value: Any = record.get(name)
    if name == "eventTime":
        return f"{moment(record):%Y-%m-%d %H:%M:%S}.000"
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if name in _MAPS:
        return struct_text({key: held if isinstance(held, str) else dump(held) for key, held in value.items()})
    if isinstance(value, (Mapping, list)):
        return struct_text(renamed(value, str.lower))
    return str(value)


@medium("result_1.csv")
def lake_csv(records: Sequence[Json]) -> bytes:
    """Results of `SELECT` of fields, as Lake saves them to a bucket and the console downloads them.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-download-cloudtrail-lake-query-results.html
    """
    return table(_FIELDS, ([_cell(record, name) for name in _FIELDS] for record in records), quoted=True)


@same("result_2.csv")
def lake_csv_with_event_json(records: Sequence[Json]) -> bytes:
    """Results of `SELECT eventID, eventTime, eventJson`: the record itself in one column.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html
    """
    rows = ([record["eventID"], _cell(record, "eventTime"), dump(record)] for record in records)
    return table(("eventID", "eventTime", "eventJson"), rows, quoted=True)


@medium("lake-results.json")
def lake_get_query_results(records: Sequence[Json]) -> bytes:
    """`aws cloudtrail get-query-results`: a row is a list of objects with one member each.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetQueryResults.html
    """
    rows = [[{name: cell} for name in _FIELDS if (cell := _cell(record, name))] for record in records]
    statistics = {"ResultsCount": len(rows), "TotalResultsCount": len(rows), "BytesScanned": 4096}
    return document({"QueryStatus": "FINISHED", "QueryStatistics": statistics, "QueryResultRows": rows})


@same("lake-results-json.json")
def lake_get_query_results_event_json(records: Sequence[Json]) -> bytes:
    """`aws cloudtrail get-query-results` of `SELECT eventJson`.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetQueryResults.html
    """
    rows = [[{"eventJson": dump(record)}] for record in records]
    statistics = {"ResultsCount": len(rows), "TotalResultsCount": len(rows), "BytesScanned": 4096}
    return document({"QueryStatus": "FINISHED", "QueryStatistics": statistics, "QueryResultRows": rows})
