"""Warehouses and data frames: Snowflake, BigQuery, DuckDB, Tailpipe, Fivetran, pandas, and Firehose's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta, timezone
from typing import Any

from tests.spellings.containers import (
    document,
    dump,
    flat,
    json_lines,
    milliseconds,
    moment,
    parquet,
    parsed,
    renamed,
    snake,
    table,
    table_of,
)
from tests.spellings.spelling import limited, medium, refused, same
from tests.spellings.world import IDENTITY, Json

FREE = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")


@same("snowflake.csv")
def snowflake_csv(records: Sequence[Json]) -> bytes:
    """A table with a column VARIANT, downloaded as CSV. https://docs.snowflake.com/en/user-guide/ui-snowsight-query"""
    rows = ([f"{moment(record):%Y-%m-%d %H:%M:%S}.000", dump(record)] for record in records)
    return table(("RECORD_TIME", "V"), rows)


@same("data_0_0_0.json")
def snowflake_json(records: Sequence[Json]) -> bytes:
    """The same unloaded as JSON: the column VARIANT is an object.

    https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
    """
    return json_lines({"RECORD_TIME": f"{moment(one):%Y-%m-%d %H:%M:%S}.000", "V": one} for one in records)


@medium("bq-results-20261004.json")
def bigquery_json(records: Sequence[Json]) -> bytes:
    """`bq extract --destination_format NEWLINE_DELIMITED_JSON`: timestamps in UTC, free blocks as text.

    https://cloud.google.com/bigquery/docs/exporting-data#json_options
    """

    def row(record: Json) -> Json:
        present = {name: value for name, value in record.items() if value is not None}
        texts = {name: dump(value) for name, value in present.items() if name in FREE}
        return {**present, **texts, "eventTime": f"{moment(record):%Y-%m-%d %H:%M:%S} UTC"}

    return json_lines(map(row, records))


@same("objects.parquet")
def duckdb_objects(records: Sequence[Json]) -> bytes:
    """`COPY (FROM read_ndjson_objects(...)) TO 'objects.parquet'`: one column, `json`.

    https://duckdb.org/docs/stable/data/json/loading_json
    """
    return parquet([{"json": dump(record)} for record in records])


@medium("duckdb.parquet")
def duckdb_columns(records: Sequence[Json]) -> bytes:
    """`COPY (FROM read_json(...)) TO 'duckdb.parquet'`: times are timestamps, free blocks JSON.

    https://duckdb.org/docs/stable/data/json/loading_json
    """
    return parquet(
        [
            {
                **record,
                "eventTime": moment(record).replace(tzinfo=None),
                **{name: dump(record[name]) for name in ("userIdentity", *FREE) if record.get(name) is not None},
            }
            for record in records
        ]
    )


def _tailpipe(record: Json, hours: int = 0) -> Json:
    """A row of aws_cloudtrail_log: snake_case also inside `user_identity`, whose dates are milliseconds.

    https://hub.tailpipe.io/plugins/turbot/aws/tables/aws_cloudtrail_log
    """
    local = moment(record).astimezone(timezone(timedelta(hours=hours, minutes=30 if hours else 0))).isoformat()
    row = {snake(name): renamed(value, snake) if name == IDENTITY else value for name, value in record.items()}
    context = row["user_identity"].get("session_context") or {}
    if created := (context.get("attributes") or {}).get("creation_date"):
        context["attributes"]["creation_date"] = milliseconds(parsed(created))
    return {
        **row,
        "event_time": local,
        "tp_id": record["eventID"].replace("-", "")[:20],
        "tp_timestamp": local,
        "tp_index": record["recipientAccountId"],
        "tp_table": "aws_cloudtrail_log",
        "tp_partition": "prod",
    }


@medium("tailpipe.csv")
def tailpipe_csv(records: Sequence[Json]) -> bytes:
    """`tailpipe query --output csv`. https://tailpipe.io/docs/reference/cli/query"""
    rows = [
        {name: dump(value) if isinstance(value, (dict, list)) else value for name, value in _tailpipe(record).items()}
        for record in records
    ]
    return table_of(rows)


@medium("tailpipe.json")
def tailpipe_json(records: Sequence[Json]) -> bytes:
    """`tailpipe query --output json` in a zone of +05:30. https://tailpipe.io/docs/reference/cli/query"""
    rows = [_tailpipe(record, 5) for record in records]
    return document({"columns": [{"name": name, "data_type": "varchar"} for name in rows[0]], "rows": rows}, 1)


@medium("steampipe.json")
def steampipe_json(records: Sequence[Json]) -> bytes:
    """`steampipe query --output json` of aws_cloudtrail_trail_event in a zone of -05:00.

    https://hub.steampipe.io/plugins/turbot/aws/tables/aws_cloudtrail_trail_event
    """
    zone = timezone(timedelta(hours=-5))

    def row(record: Json) -> Json:
        identity = record["userIdentity"]
        return {
            **{snake(name): record.get(name) for name in ("eventName", "eventSource", "eventID", "awsRegion")},
            "event_time": moment(record).astimezone(zone).isoformat(),
            "user_type": identity.get("type"),
            "username": identity.get("userName"),
            "user_identifier": identity.get("arn"),
            "user_identity": identity,
            "access_key_id": identity.get("accessKeyId"),
            **{snake(name): record.get(name) for name in ("sourceIPAddress", "userAgent", "errorCode", "readOnly")},
            **{snake(name): record.get(name) for name in ("requestID", "recipientAccountId", "eventType")},
            **{snake(name): record.get(name) for name in (*FREE, "tlsDetails", "resources")},
            "account_id": record["recipientAccountId"],
            "log_group_name": "cloudtrail",
            "region": record["awsRegion"],
        }

    return document({"columns": [], "rows": list(map(row, records))}, 1)


@medium("fivetran.csv")
def fivetran_csv(records: Sequence[Json]) -> bytes:
    """The table event of Fivetran's connector: `user_identity_` before each member, free blocks as JSON text.

    https://fivetran.com/docs/connectors/applications/aws-cloudtrail/connector-schema
    """

    def row(record: Json) -> Iterator[tuple[str, Any]]:
        for name, value in record.items():
            if name == IDENTITY:
                yield from flat(renamed({name: value}, snake), "_")
            else:
                yield snake(name), dump(value) if isinstance(value, (dict, list)) else value

    return table_of([dict(row(record)) for record in records])


@medium("normalized.json")
def pandas_json(records: Sequence[Json]) -> bytes:
    """`pd.json_normalize(records).to_json(orient="records")`: dotted names, null where a row has no value.

    https://pandas.pydata.org/docs/reference/api/pandas.json_normalize.html
    """
    rows = [dict(flat(record, ".")) for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return dump([{name: row.get(name) for name in names} for row in rows]).encode()


@medium("normalized.csv")
def pandas_csv(records: Sequence[Json]) -> bytes:
    """`pd.json_normalize(records).to_csv()`: dotted names behind the column of the index, Python's True and lists.

    https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_csv.html
    """
    rows = [{"": number, **dict(flat(record, "."))} for number, record in enumerate(records)]
    return table_of(rows)


@medium("normalized-underscores.csv")
def pandas_underscores(records: Sequence[Json]) -> bytes:
    """`pd.json_normalize(records, sep="_").to_csv(index=False)`.

    https://pandas.pydata.org/docs/reference/api/pandas.json_normalize.html
    """
    return table_of([dict(flat(record, "_")) for record in records])


_FEATURES = (
    "eventID,eventTime,sourceIPAddress,userAgent,eventName,eventSource,awsRegion,eventVersion,userIdentitytype,"
    "eventType,requestID,userIdentityaccountId,userIdentityprincipalId,userIdentityarn,userIdentityaccessKeyId,"
    "userIdentityuserName,errorCode,errorMessage,requestParametersinstanceType"
).split(",")


@limited("dec12_18features.csv", "no responses and no session", (IDENTITY,))
def flaws_features(records: Sequence[Json]) -> bytes:
    """The CSV of flaws.cloud's logs on Kaggle: names joined without a sign.

    https://www.kaggle.com/datasets/nobukim/aws-cloudtrails-dataset-from-flaws-cloud
    """
    rows = [dict(flat(record, "")) for record in records]
    return table(_FEATURES, ([row.get(name) or "NoData" for name in _FEATURES] for row in rows))


@medium("firehose-snake.json")
def firehose_snake_case(records: Sequence[Json]) -> bytes:
    """Firehose with a Lambda that turns names into snake_case and nested objects into text.

    https://github.com/chariotsolutions/aws-examples/tree/trunk/cloudtrail_firehose_transform
    """
    return json_lines({snake(name): _text(value) for name, value in record.items()} for record in records)


@medium("firehose-text.json")
def firehose_text_blocks(records: Sequence[Json]) -> bytes:
    """The same with CloudTrail's names: every nested object is JSON text.

    https://github.com/chariotsolutions/aws-examples/tree/trunk/cloudtrail_firehose_transform
    """
    return json_lines({name: _text(value) for name, value in record.items()} for record in records)


def _text(value: Any) -> Any:
    return dump(value) if isinstance(value, (dict, list)) else value


@medium("clickhouse.json")
def clickhouse_json(records: Sequence[Json]) -> bytes:
    """`FORMAT JSONCompact`: names and types in `meta`, rows as lists.

    https://clickhouse.com/docs/interfaces/formats/JSONCompact
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    data = [
        [f"{moment(record):%Y-%m-%d %H:%M:%S}" if name == "eventTime" else _text(record.get(name)) for name in names]
        for record in records
    ]
    meta = [{"name": name, "type": "DateTime" if name == "eventTime" else "String"} for name in names]
    return document({"meta": meta, "data": data, "rows": len(data)}, None)


@medium("frame.csv")
def pandas_dictionaries(records: Sequence[Json]) -> bytes:
    """`pd.DataFrame(records).to_csv(index=False)`: nested objects as Python prints dictionaries.

    https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_csv.html
    """
    return table_of([{name: None if value is None else str(value) for name, value in one.items()} for one in records])


@medium("frame-split.json")
def pandas_split(records: Sequence[Json]) -> bytes:
    """`pd.DataFrame(records).to_json(orient="split")`: names, and rows as lists.

    https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    data = [[record.get(name) for name in names] for record in records]
    return dump({"columns": names, "index": list(range(len(data))), "data": data}).encode()


@refused("frame.json", r"(?i)rows|columns|in a form that is not read")
def pandas_columns(records: Sequence[Json]) -> bytes:
    """`pd.DataFrame(records).to_json()`: an object for each column, with the numbers of the rows as names.

    https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    return dump({name: {str(n): one.get(name) for n, one in enumerate(records)} for name in names}).encode()


@medium("frame-table.json")
def pandas_table(records: Sequence[Json]) -> bytes:
    """`pd.json_normalize(records).to_json(orient="table")`: a schema, and rows as objects.

    https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html
    """
    rows = [{"index": number, **dict(flat(record, "."))} for number, record in enumerate(records)]
    names = dict.fromkeys(name for row in rows for name in row)
    fields = [{"name": name, "type": "string"} for name in names]
    data = [{name: row.get(name) for name in names} for row in rows]
    return dump({"schema": {"fields": fields, "primaryKey": ["index"]}, "data": data}).encode()


@refused("duckdb.csv", r"(?i)userIdentity")
def duckdb_csv(records: Sequence[Json]) -> bytes:
    """`COPY (FROM read_json(...)) TO 'duckdb.csv'`: structs with quoted names, and JSON text of free blocks.

    https://duckdb.org/docs/stable/sql/data_types/struct
    """

    def struct(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"'{name}': {struct(held)}" for name, held in value.items()) + "}"
        if value is None:
            return "NULL"
        return f"'{value}'" if any(sign in str(value) for sign in ":,' {}[]=") else str(value)

    return table_of(
        [
            {
                **{name: _text(value) for name, value in record.items()},
                IDENTITY: struct(record[IDENTITY]),
                "eventTime": f"{moment(record):%Y-%m-%d %H:%M:%S}",
            }
            for record in records
        ]
    )


@same("records.parquet")
def parquet_record_column(records: Sequence[Json]) -> bytes:
    """A staging table with the text of a record in `Record`, as Glue and Spark jobs keep it.

    https://spark.apache.org/docs/latest/sql-data-sources-text.html
    """
    return parquet([{"dt": f"{moment(record):%Y-%m-%d}", "Record": dump(record)} for record in records])


@same("trail-files.parquet")
def parquet_trail_files(records: Sequence[Json]) -> bytes:
    """Trail files as Spark reads them as text: `value` is a whole file.

    https://spark.apache.org/docs/latest/sql-data-sources-text.html
    """
    return parquet([{"value": dump({"Records": list(part)})} for part in (records[::2], records[1::2]) if part])


@medium("trail-arrays.parquet")
def parquet_records(records: Sequence[Json]) -> bytes:
    """Trail files as Spark reads them as JSON: `Records` is an array of structs, with text where types differ.

    https://spark.apache.org/docs/latest/sql-data-sources-json.html
    """
    rows = [{name: _text(value) if name in FREE else value for name, value in one.items()} for one in records]
    return parquet([{"Records": part} for part in (rows[::2], rows[1::2]) if part])
