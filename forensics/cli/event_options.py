"""Event options: the filters of events that commands and saved queries share, each with one name and one meaning."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from inspect import Parameter
from typing import Annotated

from forensics.cli.options import checked_option, time_option

Since = Annotated[
    datetime | None,
    time_option("--since", help='Only events at or after this time: 2026-10-04T02:24:19Z, "2 days ago".'),
]
Until = Annotated[datetime | None, time_option("--until", help="Only events before this time.")]
Actor = Annotated[
    str | None, checked_option("--actor", metavar="WHO", help="Only events of this actor: ID, name or ARN.")
]
OriginKey = Annotated[
    str | None,
    checked_option(
        "--origin-key", metavar="ID", help="Only events of this access key and of everything derived from it."
    ),
]
Accounts = Annotated[
    list[str] | None,
    checked_option(
        "--account",
        metavar="ID",
        help="Only events by callers of this account, or delivered by its trail. Can be repeated.",
    ),
]
Addresses = Annotated[
    list[str] | None,
    checked_option(
        "--address",
        metavar="IP",
        help="Only events from this IP address or network (192.0.2.0/24). Can be repeated.",
    ),
]

Filters = dict[str, str | list[str] | datetime]
_OPTIONS = {
    "since": Since,
    "until": Until,
    "actor": Actor,
    "origin_key": OriginKey,
    "account": Accounts,
    "address": Addresses,
}


def event_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Add all of these options to a command, which gets the values that the user gives as `filters`."""
    own = inspect.signature(command, eval_str=True).parameters
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option) for name, option in _OPTIONS.items()
    ]
    others = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own.values()]
    before = list(own).index("filters")
    parameters = [*others[:before], *added, *others[before + 1 :]]

    @wraps(command)
    def filtering(**given: object) -> None:
        filters = {name: given.pop(name) for name in _OPTIONS}
        command(filters={name: value for name, value in filters.items() if value or value == ""}, **given)

    filtering.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    filtering.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return filtering


def filter_options(
    since: datetime | None, until: datetime | None, accounts: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return the filters of a page as options, for further commands."""
    times = (("--since", since), ("--until", until))
    given = [(option, time.isoformat().replace("+00:00", "Z")) for option, time in times if time]
    return tuple(word for option in (*given, *(("--account", one) for one in accounts or ())) for word in option)
