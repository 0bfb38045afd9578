"""Pivot resources: the resources that a name means, from the values of the column `resource`.

A request names its target by ARN or only by name, so one resource has several values. A bare name belongs to the
service, account and region of its calls; IAM has no regions and compares names without case.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.core import SubjectMatch, SubjectMatchType
from forensics.investigate.case.event_filter import check_texts, literal, several
from forensics.investigate.iam_names import folded
from forensics.investigate.sql_rows import Connection, Row, rows, run

_OBJECT = re.compile(r"arn:[^:]*:s3:::[^/]+/.+", re.IGNORECASE | re.DOTALL)
_IAM_ARN = re.compile(r"arn:[^:]*:iam::(?P<account>\d*):(?P<kind>[^/:]+)/(?:.*/)?(?P<name>[^/]+)", re.DOTALL)
_ARN_PARTS = 6
# what precedes the name in an ARN, such as function: or parameter/
_TYPE = re.compile(r"[a-z][a-z0-9-]*[:/]")
_SECRET_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


class ResourceRow(Row, frozen=True):
    """A value of the column `resource`, with the service, account and region of its calls."""

    value: str
    event_source: str
    account_id: str
    aws_region: str
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is; None for any service, account or region. Raises UnusableFilter for an invalid value."""

    service: str | None = None
    account: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        for option, value in (("--service", self.service), ("--account", self.account), ("--region", self.region)):
            check_texts(option, several(value))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a resource from a value. `kind`: that in an ARN of IAM, such as user; None in other values."""

    service: str
    account: str
    region: str
    name: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """One resource, with all of its values."""

    known: _Known
    found: tuple[ResourceRow, ...]

    @property
    def arn(self) -> str | None:
        return next((row.value for row in self.found if row.value.startswith("arn:")), None)

    @property
    def name(self) -> str:
        return next((row.value for row in self.found if not row.value.startswith("arn:")), self.known.name)

    @property
    def id(self) -> str:
        """Return the ARN, or the name if no value is an ARN."""
        return self.arn or self.name

    @property
    def place(self) -> Place:
        return Place(self.known.service or None, self.known.account or None, self.known.region or None)

    @property
    def account_id(self) -> str | None:
        return self.known.account or None

    @property
    def kind(self) -> str | None:
        return self.known.kind

    def match(self) -> SubjectMatch:
        """Return the resource with the command that queries it."""
        known = self.known
        parts = (("--service", known.service), ("--account", known.account), ("--region", known.region))
        options = () if self.arn else tuple(text for name, value in parts if value for text in (name, value))
        command = ("forensics", "resource", self.id, *options)
        times = [moment for row in self.found for moment in (row.first_seen, row.last_seen) if moment]
        first, last = (min(times), max(times)) if times else (None, None)
        return SubjectMatch(
            SubjectMatchType.RESOURCE, self.id, self.name, self.arn, self.account_id, None, first, last, command
        )

    def event_options(self) -> list[str]:
        """Return the options of `events` for its calls. A bare name is unique only in a service, account and region."""
        options = [("--resource", literal(value)) for value in sorted({row.value for row in self.found})]
        if any(not row.value.startswith("arn:") for row in self.found):
            places = (
                ("--service", {row.event_source for row in self.found}),
                ("--account", {row.account_id for row in self.found}),
                ("--region", {row.aws_region for row in self.found}),
            )
            options += [(name, value) for name, values in places if "" not in values for value in sorted(values)]
        return [word for option in options for word in option]

    def parameters(self, text: str) -> dict[str, object]:
        """Return the parameters of `pivot/calls_on`."""
        values = [row.value for row in self.found]
        return {
            "text": _common_end(values),
            "is_object": _is_object(text),
            "values": values,
            "sources": [row.event_source for row in self.found],
            "accounts": [row.account_id for row in self.found],
            "regions": [row.aws_region for row in self.found],
        }


def resource_groups(connection: Connection, text: str, place: Place) -> list[ResourceGroup]:
    """Return the resources with a name, an ARN or the end of an ARN, in any case."""
    if not text:
        return []
    iam, is_object = _IAM_ARN.fullmatch(text), _is_object(text)
    # calls name their target by its ARN or only by its name; an object of S3 has its ARN in all of them
    is_arn = text.startswith("arn:") and not is_object
    name = iam["name"] if iam else _end(_unsuffixed(text)) if is_arn else text.lstrip("/")
    run(connection, "call_facts")
    groups = _grouped(rows(connection, ResourceRow, "pivot/resources", text=name, is_object=is_object))
    if iam:
        groups = [one for one in groups if (one.known.service, one.known.account) == ("iam", iam["account"])]
        groups = [one for one in groups if one.kind == iam["kind"]] or [one for one in groups if one.kind is None]
    elif is_arn:
        groups = [one for one in groups if any(row.value.lower() == text.lower() for row in one.found)]
    elif text.startswith("/"):
        groups = [one for one in groups if _has_name(one, text)]
    groups = [one for one in groups if _is_in(one, place)]
    return [one for one in groups if one.place == place and _has_name(one, text)] or groups


def _grouped(found: Sequence[ResourceRow]) -> list[ResourceGroup]:
    groups: defaultdict[_Known, list[ResourceRow]] = defaultdict(list)
    bare = []
    for row in found:
        known = _known(row)
        if row.value.startswith("arn:"):
            groups[known].append(row)
        else:
            bare.append((known, row))
    for known, row in bare:
        fitting = [other for other in groups if _may_be(known, other)]
        groups[fitting[0] if len(fitting) == 1 else known].append(row)
    return [ResourceGroup(known, tuple(some)) for known, some in groups.items()]


def _known(row: ResourceRow) -> _Known:
    if iam := _IAM_ARN.fullmatch(row.value):
        return _Known("iam", iam["account"], "", folded(iam["name"]) or "", iam["kind"])
    if row.value.startswith("arn:") and row.value.count(":") >= _ARN_PARTS - 1:
        _, _, service, region, account, name = row.value.split(":", _ARN_PARTS - 1)
        return _Known(service, account, region, name, None)
    service = row.event_source.partition(".")[0]
    if service == "iam":
        return _Known(service, row.account_id, "", folded(row.value) or "", None)
    return _Known(service, row.account_id, row.aws_region, row.value, None)


def _may_be(bare: _Known, other: _Known) -> bool:
    """Return whether a bare name may be that of a resource with an ARN."""
    is_there = bare.service == other.service and other.account in ("", bare.account)
    return is_there and other.region in ("", bare.region) and bare.name.lstrip("/") in _names(other)


def _names(known: _Known) -> set[str]:
    """Return the names, without a leading slash, that a request may have for a resource with an ARN."""
    name = known.name
    untyped = name if known.service == "s3" else _TYPE.sub("", name, count=1) if _TYPE.match(name) else name
    secret = _SECRET_SUFFIX.sub("", untyped) if known.service == "secretsmanager" else untyped
    return {one.lstrip("/") for one in (name, untyped, secret)}


def _has_name(group: ResourceGroup, text: str) -> bool:
    """Return whether a text is the whole name of a resource, in any case."""
    names = {row.value.lstrip("/") for row in group.found} | _names(group.known)
    return text.lstrip("/").lower() in {name.lower() for name in names}


def _unsuffixed(arn: str) -> str:
    return _SECRET_SUFFIX.sub("", arn) if ":secretsmanager:" in arn else arn


def _common_end(values: Sequence[str]) -> str:
    """Return the longest end of a value that all values contain, in any case; it may be empty."""
    ends = sorted({_end(_unsuffixed(value)).lower() for value in values}, key=len, reverse=True)
    return next((end for end in ends if all(end in value.lower() for value in values)), "")


def _end(name: str) -> str:
    return re.split(r"[:/]", name)[-1]


def _is_object(text: str) -> bool:
    return _OBJECT.fullmatch(text) is not None


def _is_in(group: ResourceGroup, place: Place) -> bool:
    accounts = {group.known.account, *(row.account_id for row in group.found)}
    regions = {group.known.region, *(row.aws_region for row in group.found)}
    service = (place.service or "").partition(".")[0].lower()
    return (
        service in ("", group.known.service)
        and (place.account is None or place.account in accounts)
        and (place.region is None or place.region in regions)
    )
