"""Tables: what all exports of a case say, made before attribution runs; empty where there are none.

`exports` has a row per document, `export_problems` one per line that must be told. The tables of `rows` have one per
statement, and those of `sql/` what stands of the statements about one thing: the latest, for an export can only say
what was so at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args, get_type_hints

import duckdb
import pyarrow as pa

from forensics.arrow_tables import Rows, create_table
from forensics.exports import credential_report_rows as credential_report
from forensics.exports import iam, organization, trails
from forensics.exports.api_answer import ApiAnswer, Problems, Said, moment, one_page
from forensics.exports.export_rows import COMMENTS, TABLES, Row
from forensics.formats import export_documents as formats
from forensics.records.arrow_schema import TEXT, TIMESTAMP
from forensics.sql_files import sql

_READERS: dict[str, Callable[[ApiAnswer], Iterable[Row]]] = {
    "iam_access_keys": iam.access_keys,
    "iam_access_key_last_used": iam.access_key_last_used,
    "sts_access_key_info": iam.access_key_info,
    "iam_account_authorization_details": lambda answer: (*iam.users(answer, "UserDetailList"), *iam.roles(answer)),
    "iam_users": lambda answer: iam.users(answer, "Users"),
    "identity_store_users": organization.identity_store_users,
    "organization_accounts": organization.accounts,
    "cloudtrail_trails": trails.trails,
    "cloudtrail_event_selectors": trails.event_selectors,
}
_REPORT = "iam_credential_report"
_CURRENT = {
    "exported_keys": "what exports say of each long-term key that one names: the latest statement of each thing",
    "exported_principals": "the name of each IAM user and role, and of each Identity Center user, by the latest export",
    "exported_roles": "each role as of each export: what its trust policy asked for",
}
_TYPES = {str: TEXT, bool: pa.bool_(), int: pa.int64(), datetime: TIMESTAMP}
_BATCH_BYTES = 64 << 20
_BATCH_DOCUMENTS = 1000
# of two machines, and of people who leave out a time zone
_CLOCKS_DIFFER_BY = timedelta(days=1)


class LoadedExport(NamedTuple):
    """One document: what it is, of which account (null: several, or unknown), as of when, how much it says.

    `is_whole`: whether it has all that AWS answered, as far as it shows.
    """

    source_sha256: str
    export: str
    account_id: str | None
    as_of: datetime | None
    as_of_from: str
    statements: int
    is_whole: bool


class ExportProblem(NamedTuple):
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
    """When it was ingested, or the latest event of the case as of then: then it was there."""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """All tables of this room, out of the views `documents` and `source_files`."""
    found: defaultdict[type[NamedTuple], list[tuple[Any, ...]]] = defaultdict(list)
    for document in _documents(connection):
        _read(document, found)
    for type_, (name, comment) in TABLES.items():
        _create(connection, name, comment, _schema(type_, Said), found[type_])
    _create(
        connection, "exports", "each export: what it is, whose, as of when", _schema(LoadedExport), found[LoadedExport]
    )
    problems = found[ExportProblem]
    _create(connection, "export_problems", "what of exports could not be read", _schema(ExportProblem), problems)
    for name, comment in _CURRENT.items():
        connection.execute(f"create table {name} as {sql(f'exports/sql/{name}')}")
        columns = [column for column, *_ in connection.execute(f"describe {name}").fetchall()]
        _describe(connection, name, comment, columns)


def _read(document: _ExportDocument, found: defaultdict[type[NamedTuple], list[tuple[Any, ...]]]) -> None:
    problems = Problems()
    answered: list[Said] = []
    statements: list[tuple[Row, Said]] = list(_statements(document, problems, answered))
    in_time = {said: _in_time(said, document, problems) for said in dict.fromkeys(answered or [_said(document)])}
    for row, said in statements:
        found[type(row)].append((*row, *in_time[said]))
    found[ExportProblem] += [ExportProblem(document.sha256, line) for line in problems.lines()]
    accounts = {account for row, _ in statements if (account := getattr(row, "account_id", None))}
    latest = max(in_time.values(), key=lambda said: str(said.as_of))
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


def _statements(document: _ExportDocument, problems: Problems, answered: list[Said]) -> Iterator[tuple[Row, Said]]:
    """Every statement of a document; `answered` gets the provenance of each answer, also of one that is empty."""
    text = formats.without_mark(document.content)
    said = _said(document)
    if formats.is_report(text):
        report, generated_at = credential_report.alone(text.decode("utf-8", "replace"), problems)
        if generated_at:
            said = said._replace(as_of=generated_at, as_of_from="document")
        answered.append(said)
        yield from ((row, said) for row in credential_report.read(report, problems))
        return
    paged: dict[str, bool] = {}
    for members in formats.objects(text):
        kind = formats.kind_of(members) or document.kind
        answer = ApiAnswer.of(members, said._replace(export=kind), document.file_names, problems)
        paged[kind] = answer.is_one_page_of_several()
        if kind == _REPORT:
            said_by, found = _report(answer)
        else:
            said_by, found = answer.said, _READERS[kind](answer)
        answered.append(said_by)
        yield from ((row, said_by) for row in found)
    for kind, is_open in paged.items():
        if is_open:
            problems.cut(one_page(kind))


def _report(answer: ApiAnswer) -> tuple[Said, Iterable[Row]]:
    """A credential report tells itself when it was made, which may be hours before it was asked for."""
    generated_at = moment(answer.text("GeneratedTime"))
    said = answer.said._replace(as_of=generated_at, as_of_from="document") if generated_at else answer.said
    report = credential_report.decoded((answer.text("Content") or "").strip())
    if report is None:
        answer.problems.cut("the credential report is cut off: its base64 is not whole")
        return said, ()
    return said, credential_report.read(report, answer.problems)


def _in_time(said: Said, document: _ExportDocument, problems: Problems) -> Said:
    """Of what is dated to a time that had not come, the time at which it was there is known at least."""
    if said.as_of is None or document.not_after is None or said.as_of <= document.not_after + _CLOCKS_DIFFER_BY:
        return said
    problems.add("it is dated after it was ingested; the time of the ingest holds instead", str(said.as_of))
    return said._replace(as_of=document.not_after, as_of_from="ingest")


def _said(document: _ExportDocument) -> Said:
    """What holds where an answer does not say itself as of when it is."""
    if document.as_of:
        return Said(document.kind, document.as_of, "person", document.sha256)
    return Said(document.kind, document.modified_at, "file", document.sha256)


def _documents(connection: duckdb.DuckDBPyConnection) -> Iterator[_ExportDocument]:
    """Every export, in the order of its hash, few at once in memory. Of one found twice the earlier time holds."""
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
    """Documents whose contents may be in memory together."""
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
    """The fields of some types as columns; all may be null."""
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
    escaped = text.replace("'", "''")  # COMMENT ON takes no parameter; the texts are our own
    return f"'{escaped}'"
