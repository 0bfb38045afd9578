"""Saved queries: `.sql` files with a header, in this package and in the folder of the user.

    -- title: What a key did
    -- question: Which services and actions was this key used for?
    -- parameter: key varchar: the access key ID
    -- parameter: seen_at address = null: an IP address or a network
    -- filters: account, since, until
    -- techniques: T1078.004
    -- needs: iam_access_keys: an export of IAM
    -- columns: event_time, event_name,
    --   event_id

A header line continues on the next one if that is indented by three spaces. A parameter without a default is required;
the SQL refers to it as `$key`. An address is bound to the list of its spellings in the logs:
`source_ip_address in (select unnest($seen_at))`. `filters` are optional parameters that mean the same in all queries
and commands: the arguments of the macro `filtered_events`, which the SQL reads instead of `attributed_events`. `needs`
names tables that may be empty, and how to fill them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from forensics.addresses import network_of
from forensics.answers.query_answer import QueryParameter, SavedQuery
from forensics.errors import MisusedQuery, UnusableQuery
from forensics.files.path_text import as_text
from forensics.identifiers import key_as_logged
from forensics.investigate.case.event_filter import check_period, check_texts, logged_addresses, several
from forensics.investigate.sql_rows import Connection
from forensics.processes.runtime import packaged_folder

Value = str | int | bool | datetime | Sequence[str] | None
BoundValue = str | int | bool | list[str] | None
TYPES = ("varchar", "varchar[]", "bigint", "boolean", "timestamptz", "address")
LISTS = ("varchar[]", "address")
"""The types of parameters that take several values."""
FILTERS = {
    name: QueryParameter(name, type_, None, False, meaning)
    for name, type_, meaning in (
        ("actor", "varchar", "Only events of this actor: ID, name or ARN."),
        ("origin_key", "varchar", "Only events of this access key and of everything derived from it."),
        ("account", "varchar[]", "Only events by callers of this account, or delivered by its trail. Can be repeated."),
        ("address", "address", "Only events from this IP address or network (192.0.2.0/24). Can be repeated."),
        ("since", "timestamptz", 'Only events at or after this time: 2026-10-04T02:24:19Z, "2 days ago".'),
        ("until", "timestamptz", "Only events before this time."),
    )
}
"""The filters that queries share with the commands, with the help of the options."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LINE = re.compile(r"-- (?P<field>[a-z]+): (?P<text>.*)")
_FIELDS = {"title", "question", "parameter", "filters", "techniques", "needs", "columns"}
_PARAMETER = re.compile(
    rf"(?P<name>[a-z][a-z0-9_]*) (?P<type>{'|'.join(map(re.escape, TYPES))})"
    r"(?: = (?P<default>'[^']*'|-?\d+|null|true|false))?: (?P<meaning>\S.*)"
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
    check_taken(query, given)
    for parameter in query.parameters:
        if parameter.is_required and given.get(parameter.name) is None:
            raise MisusedQuery(f"{query.name} needs --{_option(parameter.name)}: {parameter.meaning}")
    times = (given.get(name) for name in ("since", "until"))
    check_period(*(time if isinstance(time, datetime) else None for time in times))
    _check_names(connection, query)
    _check_tables(connection, query)
    values = {name: parameter.default for name, parameter in declared.items()} | dict(given)
    return {name: _bound_value(connection, declared[name], value) for name, value in values.items()}


def check_taken(query: SavedQuery, names: Iterable[str]) -> None:
    """Check that a query takes each of these parameters. Raises MisusedQuery."""
    taken = [parameter.name for parameter in query.parameters]
    for name in names:
        if name not in taken:
            options = ", ".join(f"--{_option(one)}" for one in taken) or "no options"
            raise MisusedQuery(f"{query.name} does not take --{_option(name)}; it takes {options}")


def _option(name: str) -> str:
    return name.replace("_", "-")


def _bound_value(connection: Connection, parameter: QueryParameter, value: Value) -> BoundValue:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, int):
        return value
    texts = _texts(parameter, value)
    if parameter.type == "address":
        return logged_addresses(connection, texts)
    return list(texts) or None if parameter.type in LISTS else key_as_logged(*texts)


def _texts(parameter: QueryParameter, value: str | Sequence[str]) -> tuple[str, ...]:
    """Return the one text of a parameter, or several if it takes a list. Raises UnusableFilter, MisusedQuery."""
    texts = several(value)
    if parameter in FILTERS.values():
        check_texts(f"--{_option(parameter.name)}", texts)
    if parameter.type not in LISTS and len(texts) != 1:
        raise MisusedQuery(f"--{_option(parameter.name)} takes one value")
    return texts


def shell_lines(query: SavedQuery, given: Mapping[str, Value]) -> str:
    """Return the query as a `prepare` and an `execute` statement for the `duckdb` shell. Raises MisusedQuery."""
    literals = [
        f"{parameter.name} := {_shell_value(parameter, given.get(parameter.name, _shown(parameter)))}"
        for parameter in query.parameters
    ]
    arguments = f"({', '.join(literals)})" if literals else ""
    return f"PREPARE {query.name} AS\n{query.sql.strip()};\n\nEXECUTE {query.name}{arguments};\n"


def _shell_value(parameter: QueryParameter, value: Value) -> str:
    if value is None or isinstance(value, (int, datetime)):
        return _literal(value)
    texts = _texts(parameter, value)
    for text in texts if parameter.type == "address" else ():
        if (network := network_of(text)) and network.num_addresses > 1:
            raise MisusedQuery(
                f"the duckdb shell cannot search the network {text}; name addresses, or use `forensics query run`"
            )
    literals = ", ".join(map(_literal, texts))
    return f"[{literals}]" if parameter.type in LISTS else literals


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
        parameters=(
            *(_parameter(line) for line in fields.get("parameter", ())),
            *(_filter(name) for name in _names(fields.get("filters", [""])[0])),
        ),
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


def _filter(name: str) -> QueryParameter:
    if name not in FILTERS:
        raise UnusableQuery(f"unknown filter {name}; use {', '.join(FILTERS)}")
    return FILTERS[name]


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
