"""Event filter: which attributed events are wanted, as the source of a SELECT with its parameters.

The macro `filtered_events` has the filters that saved queries share; this module adds those of `events` alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import duckdb

from forensics.addresses import addresses_in, network_of
from forensics.errors import UnusableFilter
from forensics.identifiers import key_as_logged, shortened
from forensics.investigate.case.event_columns import event_columns
from forensics.investigate.periods import utc
from forensics.investigate.sql_rows import Connection, values

Several = str | Sequence[str] | None


class EventFilter(TypedDict, total=False):
    """The criteria of a search for events. One that is missing, None, false or an empty list does not restrict.

    All criteria have to match; of several values for one criterion, one has to match. Upper and lower case are equal,
    except in `session`, `address` and `match`. `*` stands for any text and `?` for one character in `name`, `service`,
    `region`, `role`, `resource` and `user_agent`.

    Args:
        key: the access key ID that signed the call.
        session: the ARN of the session that made the call, or its principal ID.
        descendants: with `key`, `session`, `actor` or `role`, also the events of everything derived from it, also
            through what was planted.
        origin_key: the same as `key` with `descendants`.
        actor: the ID, name or ARN of the actor.
        since: the earliest time; UTC if it has no time zone.
        until: the time before which the events are; UTC if it has no time zone.
        name: the event name, such as "AssumeRole" or "Delete*".
        service: the called service, such as "iam" or "iam.amazonaws.com".
        region: the region, such as "eu-*".
        account: the ID of the caller's account, or of the account whose trail delivered the event.
        role: the name, ARN or unique ID of the role whose session made the call.
        resource: the ARN or name of the call's target. A bucket is also the target of the calls on its objects.
        user_agent: a part of the user agent.
        address: an IP address or a network in any spelling, or another source address as logged.
        outcome: "succeeded", "denied" or "failed".
        errors: whether only denied and failed calls are wanted.
        match: regular expressions as COLUMN=REGEX. COLUMN is a column of `attributed_events`; REGEX has to match a
            part of its text. Unlike other criteria, all of several values have to match. "(?i)" at the beginning of
            REGEX makes upper and lower case equal.
    """

    key: str | None
    session: str | None
    descendants: bool
    origin_key: str | None
    actor: str | None
    since: datetime | None
    until: datetime | None
    name: Several
    service: Several
    region: Several
    account: Several
    role: Several
    resource: Several
    user_agent: Several
    address: Several
    outcome: Several
    errors: bool
    match: Several


SHARED = ("actor", "origin_key", "account", "address", "since", "until")
"""The filters that saved queries have as well: the arguments of the macros."""
_CONDITIONS = {
    "key": "access_key_id = $key",
    "session": "$session in (arn, principal_id)",
    "actor": "is_actor($actor, actor_id, qualified_actor_id, actor_name, actor_arn)",
    "name": "regexp_full_match(event_name, $name, 'is')",
    "service": "regexp_full_match(event_source, $service, 'is')",
    "region": "regexp_full_match(aws_region, $region, 'is')",
    # some formats omit the issuer of a session; its ARN shows the role without its path
    "role": r"""(regexp_full_match(
        coalesce(
            case when session_issuer_type = 'Role' then session_issuer_arn end,
            case when identity_type = 'AssumedRole' then regexp_replace(
                arn, '^([^:]*:[^:]*):sts:([^:]*:[^:]*):assumed-role/([^/]*)/.*$', '\1:iam:\2:role/\3', 's'
            ) end
        ),
        $role, 'is'
    ) or regexp_full_match(
        coalesce(
            case when session_issuer_type = 'Role' then session_issuer_principal_id end,
            case when identity_type = 'AssumedRole' then split_part(principal_id, ':', 1) end
        ),
        $role, 'is'
    ))""",
    "resource": "regexp_full_match(resource, $resource, 'is')",
    "user_agent": "regexp_matches(user_agent, $user_agent, 'is')",
    "outcome": "outcome in (select unnest($outcome))",
    "errors": "outcome <> 'succeeded'",
}
# what surrounds a name in the text of its column
_PATTERNS = {
    "name": "{}",
    "service": r"{}(\.amazonaws\.com(\.cn)?)?",
    "region": "{}",
    "role": r"([^:]*:[^:]*:iam:[^:]*:[^:]*:role/(.*/)?)?{}",
    "resource": r"((.*[:/])?{0}|[^:]*:[^:]*:s3:[^:]*:[^:]*:{1}/.*)",
    "user_agent": "{}",
}
# the credentials of a criterion, for everything derived from them
_ANCESTORS = {
    "session": f"select credential_id from credentials where {_CONDITIONS['session']}",  # noqa: S608 - a constant
    "actor": "select credential_id from actors"
    " where is_actor($actor, actor_id, qualified_actor_id, display_name, actor_arn)",
    "role": f"select credential_id from credentials where {_CONDITIONS['role']}",  # noqa: S608 - a constant
}
_CERTAINLY_OF_KEY = """(
    access_key_id = $origin_key
    or origin_access_key_id = $origin_key
    or credential_id in (select derived_id from derived where ancestor_access_key_id = $origin_key and is_certain)
)"""
_ACCOUNT = re.compile(r"[0-9]{12}")
# other accounts are masked or anonymous; other source addresses are names of services
_LIKE_AN_ACCOUNT = re.compile(r"[\d\s-]+")
_LIKE_AN_ADDRESS = re.compile(r"/|^[\d.]+$")
OUTCOMES = ("succeeded", "denied", "failed")


def given(wanted: Mapping[str, object]) -> dict[str, Any]:
    """Return the criteria of an `EventFilter` that restrict; `key` with `descendants` is `origin_key`.

    Raises UnusableFilter for an unknown criterion, a value that no event can have, and `descendants` of nothing.
    """
    criteria: dict[str, Any] = {name: value for name, value in wanted.items() if value or value == ""}
    if unknown := criteria.keys() - EventFilter.__annotations__.keys():
        raise UnusableFilter(f"there is no criterion {min(unknown)}; use {', '.join(EventFilter.__annotations__)}")
    for name, value in criteria.items():
        if not isinstance(value, (bool, datetime)):
            check_texts(f"--{name.replace('_', '-')}", several(value))
    check_period(criteria.get("since"), criteria.get("until"))
    if "descendants" in criteria and not criteria.keys() & {"key", *_ANCESTORS}:
        raise UnusableFilter("--descendants needs --key, --session, --actor or --role")
    if "descendants" in criteria and "key" in criteria:
        if "origin_key" in criteria:
            raise UnusableFilter("use --key with --descendants, or --origin-key, not both")
        criteria["origin_key"] = criteria.pop("key")
    return criteria


def check_texts(option: str, texts: Sequence[str]) -> None:
    """Refuse a value that no event can have, such as an unset variable of the shell: ignoring it would return all."""
    for text in texts:
        if not text.strip():
            raise UnusableFilter(f"{option} has an empty value; give it a value or leave it out")
        if text.encode(errors="replace").decode() != text:
            raise UnusableFilter(f"{option} has a value that is not UTF-8; type ? for the character")
        if option == "--account" and _LIKE_AN_ACCOUNT.fullmatch(text) and not _ACCOUNT.fullmatch(text):
            raise UnusableFilter(f"{shortened(text)!r} is not an account ID; use its 12 digits, such as 111122223333")
        if option == "--address" and _LIKE_AN_ADDRESS.search(text) and network_of(text) is None:
            raise UnusableFilter(
                f"{shortened(text)!r} is not an IP address or network; use 192.0.2.44, 192.0.2.0/24 or 2001:db8::/32"
            )


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Refuse an empty period. A time without a zone is UTC."""
    if since and until and utc(since) >= utc(until):
        raise UnusableFilter("no event can match: --since must be before --until; change one of them")


def matching(connection: Connection, wanted: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    """Return FROM and WHERE of a SELECT of the events that an `EventFilter` matches, and the parameters.

    Raises UnusableFilter.
    """
    criteria = given(wanted)
    matches = several(criteria.pop("match", None))
    with_descendants = _ANCESTORS if criteria.pop("descendants", False) else ()
    arguments = [name for name in SHARED if name in criteria and name not in with_descendants]
    conditions = [
        _with_descendants(name) if name in with_descendants else _CONDITIONS[name]
        for name in criteria
        if name not in arguments
    ]
    parameters = {name: bound_value(connection, name, value) for name, value in criteria.items() if name != "errors"}
    for number, text in enumerate(matches):
        column, pattern = _column_and_regex(connection, text)
        conditions.append(f'regexp_matches("{column}"::varchar, $match_{number})')
        parameters[f"match_{number}"] = pattern
    events = f"from filtered_events({', '.join(f'{name} := ${name}' for name in arguments)}) as attributed_events"
    return f"{events} where {' and '.join(conditions) or 'true'}", parameters


def certainty(wanted: Mapping[str, object]) -> str | None:
    """Return an SQL expression: whether an event that matches certainly does; None without descendants.

    It is false if the credential may derive from another key, session, actor or role. Its parameters are those of
    `matching`.
    """
    criteria = given(wanted)
    names = _ANCESTORS.keys() & criteria.keys() if "descendants" in criteria else ()
    conditions = [_with_descendants(name, "is_certain") for name in sorted(names)]
    if "origin_key" in criteria:
        conditions.append(_CERTAINLY_OF_KEY)
    return f"coalesce({' and '.join(conditions)}, false)" if conditions else None


def _with_descendants(name: str, which: str = "true") -> str:
    ancestors = _ANCESTORS[name]
    derived = f"select derived_id from derived where ancestor_id in ({ancestors}) and {which}"  # noqa: S608 - constants
    return f"({_CONDITIONS[name]} or credential_id in ({derived}))"


def several(value: Several) -> tuple[str, ...]:
    """Return the values of a criterion that may have one or several."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def bound_value(connection: Connection, name: str, value: Any) -> Any:
    """Return the value of a criterion of `EventFilter` as the SQL needs it. Raises UnusableFilter."""
    match name:
        case "key" | "origin_key":
            return key_as_logged(value)
        case "since" | "until":
            return value.isoformat()  # as text, because DuckDB needs pytz to bind a time with a zone
        case "address":
            return logged_addresses(connection, several(value))
        case "account":
            return list(several(value))
        case "outcome":
            return [_outcome(text) for text in several(value)]
        case _ if name in _PATTERNS:
            return "|".join(_PATTERNS[name].format(_regex(text), _regex(_bucket(text))) for text in several(value))
        case _:
            return value


def _regex(text: str) -> str:
    r"""Return the regular expression for a text in which `*` stands for any text and `?` for one character.

    `\*` and `\?` stand for the characters themselves.
    """
    known = {"*": ".*", "?": ".", r"\*": r"\*", r"\?": r"\?"}
    return "(" + "".join(known.get(part) or re.escape(part) for part in re.split(r"(\\?[*?])", text)) + ")"


def literal(text: str) -> str:
    """Return the text for a criterion with wildcards that matches only this text."""
    return re.sub(r"([*?])", r"\\\1", text)


def _bucket(resource: str) -> str:
    """Return the name of a bucket for its ARN; any other text as it is."""
    return re.sub(r"^arn:[^:]*:s3:::", "", resource, flags=re.IGNORECASE)


def _outcome(text: str) -> str:
    if text.lower() not in OUTCOMES:
        raise UnusableFilter(f"there is no outcome {shortened(text)!r}; use {', '.join(OUTCOMES)}")
    return text.lower()


def _column_and_regex(connection: Connection, text: str) -> tuple[str, str]:
    field, equals, pattern = text.partition("=")
    if not equals:
        raise UnusableFilter(f"cannot read {shortened(text)!r}; use COLUMN=REGEX, such as user_agent=kali")
    (column,) = event_columns(connection, [field.strip()])
    try:
        connection.execute("select regexp_matches('', $pattern)", {"pattern": pattern}).fetchall()
    except duckdb.Error as error:
        reason = shortened(str(error).partition(": ")[2].removesuffix(f": {pattern}"))
        raise UnusableFilter(f"cannot use {shortened(pattern)!r} as a regular expression: {reason}") from None
    return column.name, pattern


def logged_addresses(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """Return the logged source addresses in any of the IP addresses and networks, and each other text itself."""
    networks = {text: network_of(text) for text in wanted}
    known = [network for network in networks.values() if network is not None]
    logged = values(connection, str, "case/source_addresses") if known else []
    return [text for text, network in networks.items() if network is None] + [
        text for text in logged if any(address in network for address in addresses_in(text) for network in known)
    ]
