"""Export tables: creates the tables of all exports of a case, before the models run; empty without exports.

`exports` has one row per document, `export_problems` one row per problem, and the tables of `export_rows` one row per
statement. The models in `sql/` keep the latest statement about each thing, because an export describes one time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args, get_type_hints

import duckdb
import pyarrow as pa

from forensics.exports import credential_report_rows as credential_report
from forensics.exports import iam, organization, trails
from forensics.exports.api_response import ApiResponse, Problems, StatementOrigin, moment, one_page
from forensics.exports.export_rows import COMMENTS, TABLES, Row
from forensics.formats import export_documents as formats
from forensics.records.arrow_schema import TEXT, TIMESTAMP
from forensics.tables import Rows, create_table, sql

_READERS: dict[str, Callable[[ApiResponse], Iterable[Row]]] = {
    "iam_access_keys": iam.access_keys,
    "iam_access_key_last_used": iam.access_key_last_used,
    "sts_access_key_info": iam.access_key_info,
    "iam_account_authorization_details": lambda response: (
        *iam.users(response, "UserDetailList"),
        *iam.roles(response),
    ),
    "iam_users": lambda response: iam.users(response, "Users"),
    "identity_store_users": organization.identity_store_users,
    "organization_accounts": organization.accounts,
    "cloudtrail_trails": trails.trails,
    "cloudtrail_event_selectors": trails.event_selectors,
}
_REPORT = "iam_credential_report"
_CURRENT = {
    "exported_keys": "long-term keys in exports, with the latest statement about each property",
    "exported_principals": "names of IAM users, roles and Identity Center users, from the latest export",
    "exported_roles": "roles by export time, with the requirements of their trust policies",
}
_TYPES = {str: TEXT, bool: pa.bool_(), int: pa.int64(), datetime: TIMESTAMP}
_BATCH_BYTES = 64 << 20
_BATCH_DOCUMENTS = 1000
# two clocks can differ, and a user can omit a time zone
_CLOCK_SKEW = timedelta(days=1)


class LoadedExport(NamedTuple):
    """One exported document.

    Args:
        account_id: None if it has several accounts, or unknown ones.
        as_of: time at which it was true, UTC; of several, the latest.
        as_of_from: source of that time.
        statements: number of its rows.
        is_whole: whether it is complete, as far as it shows.
    """

    source_sha256: str
    export: str
    account_id: str | None
    as_of: datetime | None
    as_of_from: str
    statements: int
    is_whole: bool


class ExportProblem(NamedTuple):
    """A part of an export that cannot be read."""

    source_sha256: str
    problem: str


class _ExportDocument(NamedTuple):
    sha256: str
    kind: str
    content: bytes
    file_names: list[str]
    modified_at: datetime | None
    as_of: datetime | None
    not_after: datetime | None
    """When it was ingested, or the latest event of the case at that time; it existed then."""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create all export tables from the views `documents` and `source_files`."""
    found: defaultdict[type[NamedTuple], list[tuple[Any, ...]]] = defaultdict(list)
    for document in _documents(connection):
        _read(document, found)
    for type_, (name, comment) in TABLES.items():
        _create(connection, name, comment, _schema(type_, StatementOrigin), found[type_])
    exports = found[LoadedExport]
    _create(connection, "exports", "exports with their kind, account and time", _schema(LoadedExport), exports)
    problems = found[ExportProblem]
    _create(connection, "export_problems", "parts of exports that could not be read", _schema(ExportProblem), problems)
    for name, comment in _CURRENT.items():
        connection.execute(f"create table {name} as {sql(f'exports/sql/{name}')}")
        columns = [column for column, *_ in connection.execute(f"describe {name}").fetchall()]
        _describe(connection, name, comment, columns)


def _read(document: _ExportDocument, found: defaultdict[type[NamedTuple], list[tuple[Any, ...]]]) -> None:
    problems = Problems()
    origins: list[StatementOrigin] = []
    statements: list[tuple[Row, StatementOrigin]] = list(_statements(document, problems, origins))
    distinct = dict.fromkeys(origins or [_default_origin(document)])
    in_time = {origin: _not_in_future(origin, document, problems) for origin in distinct}
    for row, origin in statements:
        found[type(row)].append((*row, *in_time[origin]))
    found[ExportProblem] += [ExportProblem(document.sha256, line) for line in problems.lines()]
    accounts = {account for row, _ in statements if (account := getattr(row, "account_id", None))}
    latest = max(in_time.values(), key=lambda origin: str(origin.as_of))
    found[LoadedExport].append(
        LoadedExport(
            document.sha256,
            document.kind,
            accounts.pop() if len(accounts) == 1 else None,
            latest.as_of,
            latest.as_of_from,
            len(statements),
            problems.is_whole,
        )
    )


def _statements(
    document: _ExportDocument, problems: Problems, origins: list[StatementOrigin]
) -> Iterator[tuple[Row, StatementOrigin]]:
    """Yield the statements of a document; append the origin of each response to `origins`, also of an empty one."""
    text = formats.without_mark(document.content)
    default = _default_origin(document)
    if formats.is_report(text):
        report, generated_at = credential_report.alone(text.decode("utf-8", "replace"), problems)
        origin = _generated(default, generated_at)
        origins.append(origin)
        yield from ((row, origin) for row in credential_report.read(report, problems))
        return
    paged: dict[str, bool] = {}
    for members in formats.objects(text):
        kind = formats.kind_of(members) or document.kind
        response = ApiResponse.of(members, default._replace(export=kind), document.file_names, problems)
        paged[kind] = response.is_one_page_of_several()
        if kind == _REPORT:
            origin, found = _report(response)
        else:
            origin, found = response.origin, _READERS[kind](response)
        origins.append(origin)
        yield from ((row, origin) for row in found)
    for kind, is_open in paged.items():
        if is_open:
            problems.add_missing(one_page(kind))


def _report(response: ApiResponse) -> tuple[StatementOrigin, Iterable[Row]]:
    origin = _generated(response.origin, moment(response.text("GeneratedTime")))
    report = credential_report.decoded((response.text("Content") or "").strip())
    if report is None:
        response.problems.add_missing("the credential report is truncated: its base64 is incomplete")
        return origin, ()
    return origin, credential_report.read(report, response.problems)


def _generated(origin: StatementOrigin, generated_at: datetime | None) -> StatementOrigin:
    """Use the time of a credential report; IAM can create the report hours before the request."""
    return origin._replace(as_of=generated_at, as_of_from="document") if generated_at else origin


def _not_in_future(origin: StatementOrigin, document: _ExportDocument, problems: Problems) -> StatementOrigin:
    """Replace a time after the ingest by the time of the ingest, when the document existed."""
    if origin.as_of is None or document.not_after is None or origin.as_of <= document.not_after + _CLOCK_SKEW:
        return origin
    problems.add("its time is after its ingest; the time of the ingest is used instead", str(origin.as_of))
    return origin._replace(as_of=document.not_after, as_of_from="ingest")


def _default_origin(document: _ExportDocument) -> StatementOrigin:
    """Return the origin of a response without a time of its own."""
    if document.as_of:
        return StatementOrigin(document.kind, document.as_of, "person", document.sha256)
    return StatementOrigin(document.kind, document.modified_at, "file", document.sha256)


def _documents(connection: duckdb.DuckDBPyConnection) -> Iterator[_ExportDocument]:
    """Yield exports in the order of their hash, few in memory at once; a duplicate file has the earliest time."""
    found = connection.execute(
        """
        with ingests as (
            select ingested_at, max(max(last_event_time)) over (order by ingested_at) as latest_event_time
            from source_files
            group by ingested_at
        )
        select
            documents.source_sha256,
            any_value(documents.kind),
            max(octet_length(documents.content)),
            list_sort(list(distinct source_files.name)),
            min(source_files.modified_at)::timestamp,
            min(source_files.as_of)::timestamp,
            min(greatest(ingested_at, ingests.latest_event_time))::timestamp
        from documents
        join source_files on source_files.sha256 = documents.source_sha256
        left join ingests using (ingested_at)
        where documents.kind in (select unnest($kinds))
        group by documents.source_sha256
        order by documents.source_sha256
        """,
        {"kinds": [*_READERS, _REPORT]},
    ).fetchall()
    for batch in _batches(found):
        contents = dict(
            connection.execute(
                "select source_sha256, content from documents where source_sha256 in (select unnest($hashes))",
                {"hashes": [sha256 for sha256, *_ in batch]},
            ).fetchall()
        )
        for sha256, kind, _, names, *times in batch:
            yield _ExportDocument(sha256, kind, contents.pop(sha256), names, *(_utc(time) for time in times))


def _batches(found: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield batches of documents whose contents fit in memory together."""
    batch: list[tuple[Any, ...]] = []
    for document in found:
        if batch and sum(size for _, _, size, *_ in batch) + document[2] > _BATCH_BYTES:
            yield batch
            batch = []
        batch.append(document)
        if len(batch) == _BATCH_DOCUMENTS:
            yield batch
            batch = []
    if batch:
        yield batch


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _schema(*types: type[NamedTuple]) -> pa.Schema:
    """Return the fields of some types as nullable columns."""
    hints = [field for type_ in types for field in get_type_hints(type_).items()]
    return pa.schema(
        [(name, _TYPES[next((t for t in get_args(hint) if t is not type(None)), hint)]) for name, hint in hints]
    )


def _create(connection: duckdb.DuckDBPyConnection, name: str, comment: str, schema: pa.Schema, rows: Rows) -> None:
    create_table(connection, name, schema, rows)
    _describe(connection, name, comment, schema.names)


def _describe(connection: duckdb.DuckDBPyConnection, table: str, comment: str, columns: Iterable[str]) -> None:
    connection.execute(f"comment on table {table} is {_literal(comment)}")
    for column in columns:
        if column in COMMENTS:
            connection.execute(f"comment on column {table}.{column} is {_literal(COMMENTS[column])}")


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")  # COMMENT ON takes no parameter; all comments are constants of this program
    return f"'{escaped}'"
