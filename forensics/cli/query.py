"""forensics query list, show, run"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.event_options import Filters, event_filters
from forensics.cli.options import (
    PLAIN,
    ForceOption,
    OutputOption,
    RowsFormat,
    ZoneOption,
    chosen,
    errors_reported,
    fail,
    format_option,
    output_to,
    parsed_time,
)
from forensics.cli.question import Question, question

if TYPE_CHECKING:
    from forensics.case import SavedQuery, Value

query = typer.Typer(**PLAIN, short_help="List, show and run saved queries.")
# options after the query's name that the command does not have are parameters of the query
_TAKES_PARAMETERS = {"allow_extra_args": True, "ignore_unknown_options": True}


def _names(incomplete: str) -> Iterator[tuple[str, str]]:
    from forensics.case import Case

    return ((query.name, query.title) for query in Case.queries() if query.name.startswith(incomplete))


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A query listed by `forensics query list`.", show_default=False, autocompletion=_names
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="Set a parameter of the query, as --NAME VALUE does. Needed if an option has the same name.",
    ),
]


@query.callback(invoke_without_command=True)
def _query(context: typer.Context) -> None:
    """List, show and run saved queries.

    \b
    Examples:
      forensics query list
      forensics query show key_activity
      forensics query run key_activity --key AKIA2ICYRBJSCUQBO6WH --case my-case
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@query.command("list")
def list_queries(
    format: Annotated[RowsFormat | None, format_option("the queries")] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """List the saved queries.

    Lists those that come with forensics and your own: .sql files in $FORENSICS_QUERIES, or in forensics/queries of
    $XDG_CONFIG_HOME or ~/.config. Your query replaces one of the same name that came with forensics.

    \b
    Examples:
      forensics query list
      forensics query list --format csv
    """
    form = chosen(RowsFormat, format, output)
    with errors_reported(), output_to(output, force=force):
        from forensics.case import Case
        from forensics.output.printers import print_answer

        print_answer(Case.queries(), form, "queries")


@query.command(context_settings=_TAKES_PARAMETERS)
@event_filters
def show(
    context: typer.Context,
    name: Name,
    filters: Filters,
    shell: Annotated[
        bool, typer.Option("--shell", help="Print PREPARE and EXECUTE for the duckdb shell; see `forensics connect`.")
    ] = False,
    param: Parameters = None,
    tz: ZoneOption = "UTC",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Print a saved query.

    The header of a query has its question, the parameters, the filters, the ATT&CK techniques and the columns. --shell
    inserts the values of parameters and filters that are given.

    \b
    Examples:
      forensics query show key_activity
      forensics query show key_activity --shell --key AKIA2ICYRBJSCUQBO6WH
    """
    with errors_reported(), output_to(output, force=force):
        from forensics.case import shell_lines
        from forensics.output.queries_text import print_query

        named = _named(name)
        given = _given(named, filters, context.args, param or [], tz)
        print_query(shell_lines(named, given) if shell else named.sql)


@query.command(context_settings=_TAKES_PARAMETERS)
@question(RowsFormat, format_option("the rows"))
@event_filters
def run(
    context: typer.Context,
    name: Name,
    asked: Question,
    filters: Filters,
    param: Parameters = None,
    tz: ZoneOption = "UTC",
) -> None:
    """Run a saved query on a case.

    Most queries take the filters below; `forensics query show NAME` lists those of a query, and its other parameters.
    Each parameter is an option of the same name.

    \b
    Examples:
      forensics query run unresolved --logs sample_logs
      forensics query run key_activity --key AKIA2ICYRBJSCUQBO6WH --case my-case
      forensics query run key_places --key AKIA2ICYRBJSCUQBO6WH --leaked-at "2026-10-03 21:00" --case my-case
      forensics query run secrets_read --origin-key AKIA2ICYRBJSCUQBO6WH --since 2026-10-04 --case my-case
      forensics query run denied_calls --address 192.0.2.0/24 --case my-case -o denied.xlsx
    """
    with errors_reported():
        given = _given(_named(name), filters, context.args, param or [], tz)
    with asked.opened() as case:
        rows = case.query_rows(name, given)
        from forensics.output.notes import tell_no_row

        asked.print(rows, "result")
        if not rows.rows:
            tell_no_row(case.info())


def _named(name: str) -> SavedQuery:
    from forensics.case import saved_query

    return saved_query(name)


def _given(
    query: SavedQuery, filters: Filters, arguments: list[str], pairs: list[str], zone: str
) -> Mapping[str, Value]:
    """Return the filters, and the values of `--name value`, `--name=value` and `--param name=value` as their types."""
    from forensics.case import check_taken

    given: dict[str, Value] = {**filters}
    texts = [*_options(arguments), *map(_pair, pairs)]
    check_taken(query, [*given, *(name for name, _ in texts)])
    types = {parameter.name: parameter.type for parameter in query.parameters}
    for name, text in texts:
        given[name] = _value(name, types[name], text, zone)
    return given


def _options(arguments: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("--"):
            fail(f"unexpected argument {argument!r}; write parameters as --NAME VALUE", 2)
        name, is_joined, text = argument.removeprefix("--").partition("=")
        value = text if is_joined else next(rest, None)
        if value is None:
            fail(f"--{name} needs a value: --{name} VALUE", 2)
        yield name.replace("-", "_"), value


def _pair(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair:
        fail(f"--param {text!r} is not NAME=VALUE; write, for example, --param key=AKIA...", 2)
    return name.replace("-", "_"), value


def _value(name: str, type_: str, text: str, zone: str) -> Value:
    if type_ == "timestamptz":
        return parsed_time(text, zone)
    if type_ == "bigint":
        if not text.lstrip("-").isdecimal() or abs(int(text)) >= 2**63:
            fail(f"--{name} {text!r} is not a whole number; write digits, such as 10", 2)
        return int(text)
    if type_ == "boolean":
        if text.lower() not in ("true", "false"):
            fail(f"--{name} {text!r} is not true or false; write one of them", 2)
        return text.lower() == "true"
    return text
