"""Saved queries: `.sql` files with a header, in this package and in the folder of the user.

    -- title: What a key did
    -- question: Which services and actions was this key used for?
    -- parameter: key varchar: the access key ID
    -- parameter: address address = null: an IP address or a network
    -- parameter: since timestamptz = null: not before
    -- techniques: T1078.004
    -- needs: iam_access_keys: an export of IAM
    -- columns: event_time, event_name,
    --   event_id

A header line continues on the next one if that is indented by three spaces. A parameter without a default is required;
the SQL refers to it as `$key`. An address is bound to the list of its spellings in the logs:
`source_ip_address in (select unnest($address))`. `needs` names tables that may be empty, and how to fill them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from forensics.answers.query_answer import QueryParameter, SavedQuery
from forensics.errors import MisusedQuery, UnusableQuery
from forensics.files.path_text import as_text
from forensics.identifiers import key_as_logged
from forensics.investigate.case.event_filter import logged_addresses
from forensics.investigate.sql_rows import Connection
from forensics.processes.runtime import packaged_folder

Value = str | int | bool | datetime | None
BoundValue = str | int | bool | list[str] | None
TYPES = ("varchar", "bigint", "boolean", "timestamptz", "address")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LINE = re.compile(r"-- (?P<field>[a-z]+): (?P<text>.*)")
_FIELDS = {"title", "question", "parameter", "techniques", "needs", "columns"}
_PARAMETER = re.compile(
    rf"(?P<name>[a-z][a-z0-9_]*) (?P<type>{'|'.join(TYPES)})(?: = (?P<default>'[^']*'|-?\d+|null|true|false))?:"
    r" (?P<meaning>\S.*)"
)
_LITERALS: Mapping[str, bool | None] = {"null": None, "true": True, "false": False}


def own_folder() -> Path:
    """Return the folder of the user's queries: $FORENSICS_QUERIES, or else one in the configuration folder."""
    if own := os.environ.get("FORENSICS_QUERIES"):
        return Path(own)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "forensics" / "queries"


def saved_queries() -> list[SavedQuery]:
    """Return every query, ordered by name. A query of the user replaces one of the package with the same name."""
    found = {query.name: query for query in _queries_in(packaged_folder("queries"), is_own=False)}
    found |= {query.name: query for query in _queries_in(own_folder(), is_own=True)}
    return [found[name] for name in sorted(found)]


def saved_query(name: str) -> SavedQuery:
    """Return a query by name. Raises UnusableQuery."""
    known = {query.name: query for query in saved_queries()}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise MisusedQuery(f"there is no query {name}{hint}; `forensics query list` lists all queries")
    return known[name]


def bound(connection: Connection, query: SavedQuery, given: Mapping[str, Value]) -> dict[str, BoundValue]:
    """Return a value for every parameter, after a check that the query can be run. Raises UnusableQuery."""
    if query.unusable:
        raise UnusableQuery(f"{query.path}: {query.unusable}")
    declared = {parameter.name: parameter for parameter in query.parameters}
    for name in given.keys() - declared.keys():
        has = f"it has {', '.join(declared)}" if declared else "it has none"
        raise MisusedQuery(f"{query.name} has no parameter {name}; {has}")
    for parameter in query.parameters:
        if parameter.is_required and given.get(parameter.name) is None:
            raise MisusedQuery(f"{query.name} needs --{parameter.name}: {parameter.meaning}")
    _check_names(connection, query)
    _check_tables(connection, query)
    values = {name: parameter.default for name, parameter in declared.items()} | dict(given)
    return {name: _bound_value(connection, declared[name].type, value) for name, value in values.items()}


def _bound_value(connection: Connection, type_: str, value: Value) -> BoundValue:
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    return logged_addresses(connection, [value]) if type_ == "address" else key_as_logged(value)


def shell_lines(query: SavedQuery, given: Mapping[str, Value]) -> str:
    """Return the query as a `prepare` and an `execute` statement for the `duckdb` shell."""
    values = {parameter.name: given.get(parameter.name, _shown(parameter)) for parameter in query.parameters}
    addresses = {parameter.name for parameter in query.parameters if parameter.type == "address"}
    literals = {
        name: f"[{_literal(value)}]" if name in addresses else _literal(value) for name, value in values.items()
    }
    arguments = ", ".join(f"{name} := {literal}" for name, literal in literals.items())
    return (
        f"PREPARE {query.name} AS\n{query.sql.strip()};\n\nEXECUTE {query.name}{f'({arguments})' if values else ''};\n"
    )


def _queries_in(folder: Path, *, is_own: bool) -> Iterator[SavedQuery]:
    for path in sorted(folder.glob("*.sql")):
        try:
            yield _parse(path, is_own)
        except (UnusableQuery, OSError, UnicodeDecodeError) as error:
            yield SavedQuery(path.stem, "", "", (), (), (), (), "", as_text(path), is_own, unusable=str(error))


def _parse(path: Path, is_own: bool) -> SavedQuery:
    text = path.read_text(encoding="utf-8")
    if not _NAME.fullmatch(path.stem):
        raise UnusableQuery("invalid file name; use a-z, 0-9 and _, such as my_query.sql")
    fields = _header(text)
    for wanted in ("title", "question", "columns"):
        if wanted not in fields:
            raise UnusableQuery(f"the header has no line `-- {wanted}: ...`")
    return SavedQuery(
        name=path.stem,
        title=fields["title"][0],
        question=fields["question"][0],
        parameters=tuple(_parameter(line) for line in fields.get("parameter", ())),
        techniques=_names(fields.get("techniques", [""])[0]),
        needs=tuple(_need(line) for line in fields.get("needs", ())),
        columns=_names(fields["columns"][0]),
        sql=text,
        path=as_text(path),
        is_own=is_own,
    )


def _header(text: str) -> dict[str, list[str]]:
    """Return the values of each field in the leading comments, in their order."""
    fields: dict[str, list[str]] = {}
    last: list[str] = []
    for line in text.splitlines():
        if found := _LINE.fullmatch(line):
            if found["field"] not in _FIELDS:
                raise UnusableQuery(f"unknown header field {found['field']}; use {', '.join(sorted(_FIELDS))}")
            last = fields.setdefault(found["field"], [])
            last.append(found["text"].strip())
        elif line.startswith("--   ") and last:
            last[-1] += f" {line[5:].strip()}"
        else:
            break
    return fields


def _parameter(text: str) -> QueryParameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise UnusableQuery(
            f"cannot parse the parameter `{text}`; use NAME TYPE = DEFAULT: MEANING, with a type of {', '.join(TYPES)}"
        )
    default = found["default"]
    return QueryParameter(found["name"], found["type"], _default(default), default is None, found["meaning"])


def _default(text: str | None) -> str | int | bool | None:
    if text is None or text in _LITERALS:
        return _LITERALS.get(text or "")
    return text[1:-1] if text.startswith("'") else int(text)


def _need(text: str) -> tuple[str, str]:
    table, _, meaning = text.partition(": ")
    return table, meaning


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _check_names(connection: Connection, query: SavedQuery) -> None:
    """Check that the header declares exactly the parameters of the SQL."""
    declared = {parameter.name for parameter in query.parameters}
    used = {str(name) for statement in connection.extract_statements(query.sql) for name in statement.named_parameters}
    for name in sorted(used ^ declared):
        wrong = "is not in the header" if name in used else "is in the header and not in the SQL"
        raise UnusableQuery(f"{query.path}: ${name} {wrong}")


def _check_tables(connection: Connection, query: SavedQuery) -> None:
    for table, how in query.needs:
        known = connection.execute("select 1 from duckdb_tables() where table_name = $table", {"table": table})
        if not known.fetchall() or not connection.table(f'"{table}"').limit(1).fetchall():
            raise UnusableQuery(f"{query.name} cannot be answered from this case: {how}")


def _shown(parameter: QueryParameter) -> Value:
    return f"<{parameter.meaning}>" if parameter.is_required else parameter.default


def _literal(value: Value) -> str:
    if isinstance(value, (str, datetime)):
        return "'" + str(value).replace("'", "''") + "'"
    return "null" if value is None else str(value).lower()
