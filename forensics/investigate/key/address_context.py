"""Address context: country, city and network of an address, by databases in MaxMind's format, and AWS's ip-ranges.

Addresses move, so every answer contains the dates of the databases. The first database with a value takes precedence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.addresses import Address, parse_address
from forensics.errors import NotAddressDatabase
from forensics.files.regular_files import resolve_regular
from forensics.investigate.ip_ranges import read_ip_ranges

if TYPE_CHECKING:
    from maxminddb import Reader

    from forensics.answers.key_answer import AddressDatabase

_LONGEST = 200  # maximum characters of a name


@dataclass(frozen=True, slots=True)
class AddressPlace:
    """The location and the network of an address; None if no database has them."""

    country: str | None = None
    city: str | None = None
    as_number: int | None = None
    as_name: str | None = None


NOWHERE = AddressPlace()


class AddressContext:
    """Address databases, in the order in which they were given, and the ip-ranges of AWS."""

    def __init__(self, paths: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> None:
        """Open the databases. Raises NotAddressDatabase, NotIpRanges and OSError."""
        self.ip_ranges = read_ip_ranges(ip_ranges)
        opened = [_open(Path(path)) for path in paths]
        self.databases: tuple[AddressDatabase, ...] = tuple(database for database, _ in opened)
        self._readers = [reader for _, reader in opened]

    def place_of(self, text: str | None) -> AddressPlace:
        """Look up an address as logged; a text that is not an IP address has no place."""
        address = parse_address(text) if text else None
        if address is None:
            return NOWHERE
        found = [_place(_look_up(reader, address)) for reader in self._readers]
        return AddressPlace(
            country=next((place.country for place in found if place.country), None),
            city=next((place.city for place in found if place.city), None),
            as_number=next((place.as_number for place in found if place.as_number), None),
            as_name=next((place.as_name for place in found if place.as_name), None),
        )


def _open(path: Path) -> tuple[AddressDatabase, Reader]:
    from maxminddb import InvalidDatabaseError, open_database

    from forensics.answers.key_answer import AddressDatabase

    try:
        file = resolve_regular(path)
    except OSError as error:
        raise NotAddressDatabase(f"{path}: {error.strerror}") from None
    digest = _sha256(file)
    try:
        reader = open_database(file)
        about = reader.metadata()
        built_at = datetime.fromtimestamp(about.build_epoch, UTC).replace(tzinfo=None)
    except (InvalidDatabaseError, ValueError, TypeError, OverflowError) as error:
        raise NotAddressDatabase(
            f"{path} is not an address database in MaxMind's format (.mmdb), such as GeoLite2-City: {error}"
        ) from None
    return AddressDatabase(path.name, str(about.database_type)[:_LONGEST], built_at, digest), reader


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look_up(reader: Reader, address: Address) -> object:
    from maxminddb import InvalidDatabaseError

    try:
        return reader.get(address)
    except InvalidDatabaseError as error:
        raise NotAddressDatabase(f"an address database is damaged: {error}") from None
    except ValueError:  # an IPv6 address in a database of IPv4 only
        return None


def _place(record: object) -> AddressPlace:
    """Convert a record of MaxMind, or a flat one with `country`, `city`, `asn` and `as_name` as text."""
    flat = _text(_get(record, "asn"))
    number = _get(record, "autonomous_system_number")
    digits = flat.upper().removeprefix("AS") if flat else ""
    return AddressPlace(
        country=_text(_get(record, "country", "iso_code") or _get(record, "country_code") or _get(record, "country")),
        city=_text(_get(record, "city", "names", "en") or _get(record, "city")),
        as_number=number if isinstance(number, int) else int(digits[:10]) if digits.isdecimal() else None,
        as_name=_text(_get(record, "autonomous_system_organization") or _get(record, "as_name")),
    )


def _get(record: object, *path: str) -> object:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None
