"""Case tables: a case as tables in DuckDB. Runs SQL and saved queries, and opens the tables in other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.attribution.database import opening
from forensics.case_folder import CaseFolder
from forensics.lake.integrity import file_sha256
from forensics.proof import custody_log

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from forensics.answers.query_answer import SavedQuery
    from forensics.answers.rows_answer import Rows
    from forensics.answers.schema_answer import Table
    from forensics.investigate.case.saved_queries import BoundValue, Value


class CaseTables(CaseFolder):
    """A case as tables: SQL, saved queries, and databases for other programs."""

    def sql(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the result of one SQL statement on the case as a DataFrame with times in UTC.

        Args:
            query: one read-only statement in DuckDB's SQL. `schema` lists the tables and views.
            parameters: a list of values for `?`, or a dictionary of values for `$name`.

        Raises:
            QueryFailed: the statement failed, or is not read-only.

        Example:
            case.sql("select event_name, count(*) from events where access_key_id = ? group by all", ["AKIA..."])
        """
        from forensics.investigate.case.statement import query_table

        found = query_table(self._database.open(), query, parameters)
        return self._logged_frame("sql", {"query": query, "parameters": parameters}, found)

    def sql_rows(self, query: str, parameters: dict[str, Value] | dict[str, BoundValue] | None = None) -> Rows:
        """Return the result of one SQL statement as plain rows. Raises QueryFailed."""
        from forensics.investigate.case.statement import query_rows

        return self._log.add("sql", {"query": query}, query_rows(self._database.open(), query, parameters))

    @staticmethod
    def queries() -> list[SavedQuery]:
        """Return the saved queries of the package and of the user's own folder."""
        from forensics.investigate.case.saved_queries import saved_queries

        return saved_queries()

    def query(self, name: str, **parameters: Value) -> pd.DataFrame:
        """Return the result of a saved query as a DataFrame. Raises UnusableQuery, QueryFailed.

        Args:
            name: the name of the query; `queries` lists them.
            parameters: the values of its parameters and filters, such as `key="AKIA..."`.
        """
        from forensics.investigate.case.statement import query_table

        found = query_table(self._database.open(), *self._bound(name, parameters))
        return self._logged_frame("query", {"name": name, **parameters}, found)

    def query_rows(self, name: str, parameters: Mapping[str, Value]) -> Rows:
        """Return the result of a saved query as plain rows. Raises UnusableQuery, QueryFailed."""
        from forensics.investigate.case.statement import query_rows

        found = query_rows(self._database.open(), *self._bound(name, parameters))
        return self._log.add("query", {"name": name, **parameters}, found)

    def _bound(self, name: str, parameters: Mapping[str, Value]) -> tuple[str, dict[str, BoundValue]]:
        from forensics.investigate.case.saved_queries import bound, saved_query
        from forensics.investigate.case.statement import query_errors

        query = saved_query(name)
        with query_errors():
            return query.sql, bound(self._database.open(), query, parameters)

    def schema(self) -> tuple[Table, ...]:
        """Return the tables and views that `sql` can read, with descriptions of their columns."""
        from forensics.investigate.case.catalogue import schema

        return schema(self._database.open())

    def connect_statements(self) -> tuple[str, ...]:
        """Return SQL statements with which another DuckDB opens the case read-only, as of its last commit."""
        return opening(self._database.file().database)

    def write_database(self, path: str | Path, *, replace: bool = False) -> None:
        """Write the tables and views to a database that does not need the case. Raises CannotWrite, QueryFailed.

        Views over the lake become tables, without the column `raw`. `replace` overwrites an existing file.
        """
        from forensics.attribution.standalone import write_standalone

        place = Path(path).absolute()
        write_standalone(self._layout, self._database, place, replace=replace)
        self._log.add("connect", {"database": place}, None, sha256=file_sha256(place))

    def _logged_frame(self, command: str, parameters: Mapping[str, object], found: pa.Table) -> pd.DataFrame:
        """Return a DataFrame, and log the hash of its Arrow table."""
        from forensics.output.frame import to_frame

        return self._log.add(command, parameters, to_frame(found), sha256=custody_log.arrow_sha256(found))
