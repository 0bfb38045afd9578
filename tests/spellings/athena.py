"""Athena: the table of CloudTrail logs that AWS documents, as queries return it.

The table has lowercase names, structs for `useridentity`, `resources` and `tlsdetails`, and JSON text for the rest. It
has no place for a SourceIdentity, an identity provider or `sessionCredentialFromConsole`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.spellings.containers import document, dump, json_lines, parquet, table
from tests.spellings.spelling import limited, medium, refused
from tests.spellings.world import Json

# https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
COLUMNS = (
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode"
    " errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources"
    " eventType apiVersion recipientAccountId serviceEventDetails sharedEventID vpcEndpointId eventCategory tlsDetails"
).split()
HEADER = [name.lower() for name in COLUMNS]
JSON_TEXT = {"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}
_ISSUER = ("type", "principalId", "arn", "accountId", "userName")


def identity(record: Json) -> Json:
    """`useridentity` with every member that the table declares, null where the record has none."""
    held = record["userIdentity"]
    context = held.get("sessionContext")
    behalf = held.get("onBehalfOf")
    return {
        **{name: held.get(name) for name in ("type", "principalId", "arn", "accountId")},
        **{name: held.get(name) for name in ("invokedBy", "accessKeyId", "userName")},
        "onBehalfOf": {name: behalf.get(name) for name in ("userId", "identityStoreArn")} if behalf else None,
        "sessionContext": _context(context) if context else None,
    }


def _context(context: Json) -> Json:
    attributes, issuer = context.get("attributes") or {}, context.get("sessionIssuer")
    federation = context.get("webIdFederationData")
    return {
        "attributes": {name: attributes.get(name) for name in ("mfaAuthenticated", "creationDate")},
        "sessionIssuer": None if issuer is None else {name: issuer.get(name) for name in _ISSUER},
        "ec2RoleDelivery": context.get("ec2RoleDelivery"),
        "webIdFederationData": None
        if federation is None
        else {"federatedProvider": federation.get("federatedProvider"), "attributes": federation.get("attributes")},
    }


def struct_text(value: object) -> str:
    """A struct, array or map as Athena prints it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}={struct_text(held)}" for name, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(struct_text, value)) + "]"
    return "null" if value is None else str(value)


def row(record: Json) -> Json:
    """A row of the table: structs as objects, JSON text as text, all names in lower case."""

    def cell(name: str) -> Any:
        value = identity(record) if name == "userIdentity" else record.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).lower()
        return dump(value) if name in JSON_TEXT else _lower(value)

    return {name.lower(): cell(name) for name in COLUMNS}


def _lower(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name.lower(): _lower(held) for name, held in value.items()}
    return [_lower(held) for held in value] if isinstance(value, list) else value


def cells(record: Json) -> list[str | None]:
    """A row as a result prints it."""
    return [value if value is None or isinstance(value, str) else struct_text(value) for value in row(record).values()]


@medium("8d4c9a7b-2f1e-4a43-9f0a-111122223333.csv")
def athena_csv(records: Sequence[Json]) -> bytes:
    """The result file of `SELECT *`: structs as text.

    https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
    """
    return table(HEADER, map(cells, records), quoted=True)


@medium("results.json")
def athena_get_query_results(records: Sequence[Json]) -> bytes:
    """`aws athena get-query-results`: the first row is the header, and a null has no value.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
    """
    rows: list[Sequence[str | None]] = [HEADER, *map(cells, records)]
    data = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in one]} for one in rows]
    columns = [{"CatalogName": "hive", "Name": name, "Label": name, "Type": "varchar"} for name in HEADER]
    return document({"UpdateCount": 0, "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}})


_FIRST = "eventtime eventsource eventname awsregion sourceipaddress useragent errorcode".split()
_LAST = "requestparameters responseelements requestid eventid recipientaccountid".split()
_OF_IDENTITY = "type principalid arn accountid invokedby accesskeyid username".split()


def _dereferenced(record: Json) -> Json:
    """Columns of `useridentity` and of its session, by their path."""
    one = row(record)
    held = one["useridentity"]
    context = held["sessioncontext"] or {}
    issuer = context.get("sessionissuer") or {}
    return {
        **{name: one[name] for name in _FIRST},
        **{f"useridentity.{name}": held[name] for name in _OF_IDENTITY},
        "useridentity.sessioncontext.attributes.creationdate": (context.get("attributes") or {}).get("creationdate"),
        **{f"useridentity.sessioncontext.sessionissuer.{name.lower()}": issuer.get(name.lower()) for name in _ISSUER},
        **{name: one[name] for name in _LAST},
    }


@limited("dereferenced.csv", "of userIdentity only the selected members; nothing of the session")
def athena_dereferenced(records: Sequence[Json]) -> bytes:
    """`SELECT useridentity.arn, useridentity.accesskeyid, ...`: a column has the name of the last member.

    https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs-query-examples.html
    """
    names = [*_FIRST, *(f"useridentity.{name}" for name in _OF_IDENTITY), *_LAST]
    rows = [[one[name] for name in names] for one in map(_dereferenced, records)]
    return table([name.rpartition(".")[2] for name in names], rows, quoted=True)


@limited("dereferenced-twice.csv", "which of two columns is the session's, unless the other is a role's")
def athena_dereferenced_twice(records: Sequence[Json]) -> bytes:
    """The members of the caller and of its session's issuer: two columns named `arn`, and others twice.

    https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs-query-examples.html
    """
    rows = [_dereferenced(record) for record in records]
    return table([name.rpartition(".")[2] for name in rows[0]], (list(one.values()) for one in rows), quoted=True)


@medium("aliased.csv")
def athena_aliased(records: Sequence[Json]) -> bytes:
    """`SELECT useridentity.arn AS "useridentity.arn", ...`: the path is the name.

    https://docs.aws.amazon.com/athena/latest/ug/select.html
    """
    rows = [_dereferenced(record) for record in records]
    return table(list(rows[0]), (list(one.values()) for one in rows), quoted=True)


@medium("cast-object.csv")
def athena_cast_as_json(records: Sequence[Json]) -> bytes:
    """`CAST(useridentity AS JSON)` of current Trino: an object. https://trino.io/docs/current/functions/json.html"""
    rows = ([dump(cell) if isinstance(cell, (dict, list)) else cell for cell in row(one).values()] for one in records)
    return table(HEADER, rows, quoted=True)


@refused("cast-array.csv", r"(?i)userIdentity|identity")
def athena_cast_as_json_array(records: Sequence[Json]) -> bytes:
    """`CAST(useridentity AS JSON)` of Presto and Athena engine version 2: a list without names.

    https://prestodb.io/docs/current/functions/json.html
    """

    def listed(value: Any) -> Any:
        return [listed(held) for held in value.values()] if isinstance(value, Mapping) else value

    rows = (
        [dump(listed(cell)) if isinstance(cell, (dict, list)) else cell for cell in row(one).values()]
        for one in records
    )
    return table(HEADER, rows, quoted=True)


@medium("20261004_100000_00001_part-00000")
def athena_unload_json(records: Sequence[Json]) -> bytes:
    """`UNLOAD ... WITH (format = 'JSON')`: structs as objects with lowercase names, without nulls.

    https://docs.aws.amazon.com/athena/latest/ug/unload.html
    """
    return json_lines(_present(row(record)) for record in records)


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(held) for name, held in value.items() if held is not None}
    return [_present(held) for held in value] if isinstance(value, list) else value


@medium("20261004_100000_00002_part-00000.parquet")
def athena_parquet(records: Sequence[Json]) -> bytes:
    """A table created by CREATE TABLE AS, in Parquet. https://docs.aws.amazon.com/athena/latest/ug/ctas.html"""
    return parquet([row(record) for record in records])


@medium("computed.csv")
def athena_computed(records: Sequence[Json]) -> bytes:
    """`SELECT *, date(...), 1`: columns whose names are expressions or numbers.

    https://docs.aws.amazon.com/athena/latest/ug/select.html
    """
    rows = ([*cells(record), record["eventTime"][:10], "1"] for record in records)
    return table([*HEADER, "date(from_iso8601_timestamp(eventtime))", "_col27"], rows, quoted=True)
