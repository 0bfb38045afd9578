"""Plain arguments: takes text and paths as they are, without pydantic, whose import takes as long as an answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any


class PlainArguments:
    """Converts the values of a parameter that need no check; the parameter's own conversion does the others.

    Typer builds a validator of pydantic for every parameter, given or not, and has no option to leave that out.
    """

    def __init__(self, parameter: Any) -> None:
        descriptor = parameter.type_descriptor
        settings = descriptor.parameter_info
        self._type = settings.parser or descriptor.annotation
        self._is_checked = settings.exists or settings.resolve_path or settings.path_type is not None
        self._own = partial(type(parameter).get_runtime_param, parameter)

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that the command gets."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self._type is str and isinstance(value, str):
            return value
        if self._type == list[str] and not isinstance(value, str) and all(isinstance(one, str) for one in value):
            return list(value)
        if self._type is Path and isinstance(value, str) and not self._is_checked:
            return Path(value)
        if isinstance(self._type, type) and isinstance(value, self._type):  # a default
            return value
        return self._own().coerce(value, param=param, ctx=ctx)


def take_plainly(command: Any) -> Any:
    """Return a command whose own parameters, and its option --help, convert plain arguments without pydantic."""
    parameters_of = command.get_params

    def get_params(ctx: Any) -> list[Any]:
        parameters: list[Any] = parameters_of(ctx)
        for parameter in parameters:
            parameter.__dict__.setdefault("get_runtime_param", partial(PlainArguments, parameter))
        return parameters

    command.get_params = get_params
    return command
