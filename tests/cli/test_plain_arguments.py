"""Arguments that are taken plainly have the values that typer's own conversion gives them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command

from forensics.cli.plain_arguments import take_plainly


class Form(StrEnum):
    TABLE = "table"
    JSON = "json"


def values_of(arguments: list[str], *, plainly: bool) -> dict[str, Any]:
    got: dict[str, Any] = {}
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(
        subject: str,
        others: Annotated[list[str] | None, typer.Argument()] = None,
        case: Annotated[Path | None, typer.Option()] = None,
        present: Annotated[Path | None, typer.Option(exists=True)] = None,
        key: Annotated[list[str] | None, typer.Option()] = None,
        since: Annotated[str | None, typer.Option(parser=str)] = None,
        days: Annotated[int, typer.Option(min=1)] = 90,
        form: Form = Form.TABLE,
        quiet: bool = False,
    ) -> None:
        got.update(locals())

    built = get_command(app)
    if plainly:
        take_plainly(built)
    try:
        built(arguments, standalone_mode=False)
    except typer.TyperException as error:
        return {"error": error.format_message()}
    got.pop("got", None)
    return got


@pytest.mark.parametrize(
    "arguments",
    [
        "a",
        "a b c",
        "a --case x/y --key 1 --key 2 --since 2026 --days 3 --form json --quiet",
        "a --case= --key= --since=",
        "a --present nowhere",
        "a --days 0",
        "a --days x",
        "a --form yaml",
        "",
    ],
)
def test_values_and_errors_are_those_of_typer(arguments: str) -> None:
    assert values_of(arguments.split(), plainly=True) == values_of(arguments.split(), plainly=False)
