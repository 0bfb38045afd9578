"""forensics extract"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from forensics.cli.options import fail, format_option, subject_argument
from forensics.cli.question import Question, question


class OriginalFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    RAW = "raw"


@question(OriginalFormat, format_option("the records; raw prints only their text"))
def extract(
    event_ids: Annotated[list[str], subject_argument("EVENT...", "Event IDs.")],
    asked: Question,
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help="Include session tokens and other secrets, which are masked by default."),
    ] = False,
) -> None:
    """Print records as they were delivered.

    Shows the text of each event exactly as in its file, the hash of its bytes, the files that contain the event, its
    position in them, and whether digests verify these files. Secrets are replaced by the hash of their value.

    \b
    Examples:
      forensics extract 944c89bc-112d-4f10-aad0-2b75abc00d36 --case my-case
      forensics extract 944c89bc-112d-4f10-aad0-2b75abc00d36 --case my-case --format raw --with-secrets -o event.json
    """
    with asked.opened() as case:
        found = case.extract(event_ids, with_secrets=with_secrets)
        asked.print(found)
        if found.not_found:
            fail(f"no loaded event has the ID {', '.join(found.not_found)}; check the ID, or load more logs")
