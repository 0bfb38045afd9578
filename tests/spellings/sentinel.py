"""Sentinel: rows of the table AWSCloudTrail, as the portal, the CLI and the API of Log Analytics return them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.spellings.containers import document, dump, json_lines, moment, parsed, table_of
from tests.spellings.spelling import medium
from tests.spellings.world import Json

_PLAIN = {
    "AwsEventId": "eventID", "AwsRequestId_": "requestID", "AWSRegion": "awsRegion", "APIVersion": "apiVersion",
    "Category": "eventCategory", "ErrorCode": "errorCode", "ErrorMessage": "errorMessage", "EventName": "eventName",
    "EventSource": "eventSource", "EventTypeName": "eventType", "EventVersion": "eventVersion",
    "ManagementEvent": "managementEvent", "ReadOnly": "readOnly", "RecipientAccountId": "recipientAccountId",
    "SharedEventId": "sharedEventID", "SourceIpAddress": "sourceIPAddress", "UserAgent": "userAgent",
    "VpcEndpointId": "vpcEndpointId",
}  # fmt: skip
_TEXTS = {
    "RequestParameters": "requestParameters", "ResponseElements": "responseElements",
    "AdditionalEventData": "additionalEventData", "Resources": "resources",
    "ServiceEventDetails": "serviceEventDetails",
}  # fmt: skip
_TIMES = {"TimeGenerated", "SessionCreationDate"}


def _row(record: Json) -> Json:
    """A row of the table; dates are values.

    https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
    """
    identity = record["userIdentity"]
    context = identity.get("sessionContext") or {}
    attributes, issuer = context.get("attributes") or {}, context.get("sessionIssuer") or {}
    created, mfa = attributes.get("creationDate"), attributes.get("mfaAuthenticated")
    return {
        "TenantId": "0a1b2c3d-1111-2222-3333-444455556666",
        "TimeGenerated": moment(record),
        **{column: record.get(name) for column, name in _PLAIN.items()},
        **{column: None if record.get(name) is None else dump(record[name]) for column, name in _TEXTS.items()},
        "UserIdentityType": identity.get("type"),
        "UserIdentityPrincipalid": identity.get("principalId"),
        "UserIdentityArn": identity.get("arn"),
        "UserIdentityAccountId": identity.get("accountId"),
        "UserIdentityInvokedBy": identity.get("invokedBy"),
        "UserIdentityAccessKeyId": identity.get("accessKeyId"),
        "UserIdentityUserName": identity.get("userName"),
        "SessionMfaAuthenticated": None if mfa is None else mfa == "true",
        "SessionCreationDate": parsed(created) if created else None,
        "SessionIssuerType": issuer.get("type"),
        "SessionIssuerPrincipalId": issuer.get("principalId"),
        "SessionIssuerArn": issuer.get("arn"),
        "SessionIssuerAccountId": issuer.get("accountId"),
        "SessionIssuerUserName": issuer.get("userName"),
        "OperationName": "CloudTrail",
        "SourceSystem": "AWS",
        "Type": "AWSCloudTrail",
    }


def _utc(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%S}Z" if isinstance(value, datetime) else value


def _in_portal(value: Any) -> Any:
    """A date as the portal prints it: `10/4/2026, 10:05:00.000 AM`."""
    if not isinstance(value, datetime):
        return str(value).lower() if isinstance(value, bool) else value
    hour, half = value.hour % 12 or 12, "AM" if value.hour < 12 else "PM"
    return f"{value.month}/{value.day}/{value.year}, {hour}:{value:%M:%S}.000 {half}"


@medium("query_data.csv")
def sentinel_csv(records: Sequence[Json]) -> bytes:
    """The portal's Export to CSV: date columns name their zone.

    https://learn.microsoft.com/azure/azure-monitor/logs/queries-overview
    """
    rows = [
        {f"{name} [UTC]" if name in _TIMES else name: _in_portal(cell) for name, cell in _row(record).items()}
        for record in records
    ]
    return table_of(rows)


@medium("sentinel.json")
def sentinel_rows(records: Sequence[Json]) -> bytes:
    """`az monitor log-analytics query -o json`: rows, each with the name of its table.

    https://learn.microsoft.com/cli/azure/monitor/log-analytics
    """
    rows = [{name: _utc(cell) for name, cell in _row(record).items()} for record in records]
    return document([one | {"TableName": "PrimaryResult"} for one in rows], 2)


@medium("log-analytics.json")
def log_analytics_tables(records: Sequence[Json]) -> bytes:
    """The query API: columns, and rows as lists. https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format"""
    rows = [{name: _utc(cell) for name, cell in _row(record).items()} for record in records]
    columns = [{"name": name, "type": "datetime" if name in _TIMES else "string"} for name in rows[0]]
    primary = {"name": "PrimaryResult", "columns": columns, "rows": [list(one.values()) for one in rows]}
    return document({"tables": [primary]}, 2)


@medium("PT05M.json")
def sentinel_data_export(records: Sequence[Json]) -> bytes:
    """A data export rule to a storage account: a row a line, without nulls.

    https://learn.microsoft.com/azure/azure-monitor/logs/logs-data-export
    """
    rows = [{name: _utc(cell) for name, cell in _row(record).items() if cell is not None} for record in records]
    return json_lines(rows)
