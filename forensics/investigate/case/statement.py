"""Statement: the SQL of users, limited to one statement that only reads the tables and views of the case.

DuckDB can limit which files a connection opens, but not to reading: `copy` overwrites an allowed file, also inside a
CTE or under `explain analyze`. Therefore each query is checked by the syntax tree of DuckDB's own parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from forensics.answers.rows_answer import Rows
from forensics.errors import QueryFailed
from forensics.investigate.case.event_filter import SHARED
from forensics.investigate.sql_rows import Connection, Row, rows, values

if TYPE_CHECKING:
    import pyarrow as pa

# raised for an unknown table or column
_UNKNOWN_NAME = (duckdb.BinderException, duckdb.CatalogException)
# a CTE can also hold INSERT_QUERY_NODE, COPY_QUERY_NODE and the like
_READING_NODES = {"select_node", "set_operation_node", "cte_node", "recursive_cte_node"}
# Any other table function is refused, also those of later versions: several read files or run text as SQL, and internal
# ones take memory addresses. The first two are macros of the case.
_TABLE_FUNCTIONS = set(
    """
    filtered_credentials filtered_events
    duckdb_columns duckdb_constraints duckdb_databases duckdb_functions duckdb_keywords duckdb_memory duckdb_schemas
    duckdb_settings duckdb_tables duckdb_temporary_files duckdb_types duckdb_views generate_series histogram
    histogram_values icu_calendar_names json_each json_tree pg_timezone_names pragma_database_size pragma_platform
    pragma_show pragma_storage_info pragma_table_info pragma_version query_table range repeat repeat_row summary
    test_all_types unnest
    """.split()
)
# the keywords other than reading ones that the body of a CTE can begin with
_WRITING_WORDS = {"copy", "delete", "insert", "merge", "truncate", "update"}
_EXPLAIN = re.compile(r"\s*explain\b\s*(analyze\b\s*|\(\s*(analyze|format)\b[^()]*\)\s*)?", re.IGNORECASE)
_WORD = re.compile(r"\w+", re.ASCII)

_ONLY_READ = (
    "a query may only read; begin it with select, from, with, show, describe, summarize, pivot or explain select"
)


class _PartRow(Row, frozen=True):
    """A query node, function or table of a statement."""

    key: str
    name: str
    is_table: bool


def reading(connection: Connection, query: str) -> str:
    """Return the SQL to execute for a query that only reads. Raises QueryFailed, and duckdb.Error if it is invalid."""
    explain = _EXPLAIN.match(query)
    if explain:
        return explain.group() + _select(connection, query[explain.end() :])
    return _select(connection, query)


def _select(connection: Connection, query: str) -> str:
    match _statement_types(connection, query):
        case []:
            raise QueryFailed("the query is empty")
        case [duckdb.StatementType.SELECT]:
            _check_parts(connection, query)
            return query
        case [duckdb.StatementType.MULTI]:
            return _dynamic_pivot(connection, query)
        case [_]:
            raise QueryFailed(_ONLY_READ)
        case _:
            raise QueryFailed("a query must be one statement; run several separately")


def _statement_types(connection: Connection, query: str) -> list[duckdb.StatementType]:
    try:
        return [statement.type for statement in connection.extract_statements(query)]
    except TypeError:  # a byte of the command line that is not UTF-8
        raise QueryFailed("the query is not valid UTF-8") from None
    except ValueError:  # a statement type that the Python package of DuckDB does not know
        raise QueryFailed(_ONLY_READ) from None


def _check_parts(connection: Connection, query: str) -> None:
    for part in rows(connection, _PartRow, "case/statement_parts", statement=query):
        if part.key == "type" and part.name not in _READING_NODES:
            raise QueryFailed(_ONLY_READ)
        if part.is_table and part.name not in _TABLE_FUNCTIONS:
            raise QueryFailed(f"a query can read only the tables of the case; {part.name}() is not allowed")
        if part.key == "table_name":
            _check_table(part.name)


def _check_table(name: str) -> None:
    if ".parquet" in name.lower():
        raise QueryFailed("a query can read only the tables of the case, not its files; `forensics schema` lists them")


def _dynamic_pivot(connection: Connection, query: str) -> str:
    """Check a pivot without IN (...), which DuckDB expands into several statements without a syntax tree.

    It must work as a subquery, so that it is a SELECT. Refused words must not occur at all, even in strings, because
    DuckDB runs a CTE that writes while it looks up the columns of the pivot.
    """
    _check_table(query)
    functions = set(values(connection, str, "case/table_functions")) - _TABLE_FUNCTIONS
    for word in _WORD.findall(query.lower()):
        if word in functions | _WRITING_WORDS:
            raise QueryFailed(f"a pivot without IN (...) cannot contain the word {word}; list the values with IN (...)")
    subquery = f"select * from (\n{query.rstrip().rstrip(';')}\n)"  # noqa: S608 - the user's own SQL
    try:
        if _statement_types(connection, subquery) == [duckdb.StatementType.MULTI]:
            return subquery
    except duckdb.ParserException:
        pass
    raise QueryFailed(_ONLY_READ)


def query_rows(connection: Connection, query: str, parameters: object = None) -> Rows:
    """Return the rows of a query of the user. Raises QueryFailed, also if the query writes."""
    with query_errors():
        return fetch_rows(connection.execute(*_bound(connection, reading(connection, query), parameters)))


def query_table(connection: Connection, query: str, parameters: object = None) -> pa.Table:
    """Return the result of a query of the user as an Arrow table. Raises QueryFailed."""
    with query_errors():
        statement, values_of = _bound(connection, reading(connection, query), parameters)
        return connection.sql(statement, params=values_of).to_arrow_table()


def _bound(connection: Connection, statement: str, parameters: object) -> tuple[str, object]:
    """Return a statement and its parameters; a filter of events without a value does not restrict."""
    if parameters is not None and not isinstance(parameters, dict):
        return statement, parameters
    if "filtered_" not in statement:
        return statement, parameters
    named = {str(name) for part in connection.extract_statements(statement) for name in part.named_parameters}
    unset = dict.fromkeys(named.intersection(SHARED))
    return statement, {**unset, **(parameters or {})} or parameters


def fetch_rows(result: Connection, total: int | None = None) -> Rows:
    """Return the rows of a result with the names and types of its columns; `total` is their number without a limit."""
    columns = tuple(str(column[0]) for column in result.description or ())
    types = tuple(str(column[1]) for column in result.description or ())
    found = tuple(result.fetchall())
    return Rows(columns, found, len(found) if total is None else total, types)


@contextmanager
def query_errors() -> Iterator[None]:
    """Raise QueryFailed with one line for an error of DuckDB."""
    try:
        yield
    except duckdb.Error as error:
        raise QueryFailed(_one_line(error)) from None


def _one_line(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.PermissionException):
        return "a query can read only the tables of the case, not files or URLs; `forensics schema` lists them"
    message, _, _ = str(error).partition("\n\nLINE ")
    hint = "; `forensics schema` lists the tables and columns" if isinstance(error, _UNKNOWN_NAME) else ""
    return " ".join(message.split()) + hint
