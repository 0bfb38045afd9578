"""Run the command line in this process, as `main` runs it."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from forensics.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Standard error, which is one line and no traceback."""
        assert self.err.endswith("\n") and self.err.count("\n") == 1, self.err
        assert self.err.startswith("forensics: ")
        return self.err


def run(*arguments: object, stdin: str = "", width: int | None = None) -> Done:
    out, err = io.StringIO(), io.StringIO()
    environment = {"COLUMNS": str(width) if width else ""}
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch("sys.stdin", io.StringIO(stdin)),
        patch.dict("os.environ", environment),
    ):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Done(code, out.getvalue(), err.getvalue())
