"""Where an address is, by databases that the tests write themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from forensics.case import Case
from forensics.errors import NotAddressDatabase
from forensics.investigate.key.address_context import NOWHERE, AddressContext, AddressPlace
from tests.simulator import sample

CITY = {
    "country": {"iso_code": "NL", "names": {"en": "Netherlands"}},
    "city": {"names": {"de": "x", "en": "Amsterdam"}},
}
ASN = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Hosting"}


def database(path: Path, type_: str, networks: dict[str, Any], version: int = 6) -> Path:
    writer = MMDBWriter(version, type_, languages=["en"], ipv4_compatible=version == 6)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return database(tmp_path / "city.mmdb", "GeoLite2-City", {"192.0.2.0/24": CITY, "2001:db8::/32": CITY})


@pytest.fixture
def asn(tmp_path: Path) -> Path:
    return database(tmp_path / "asn.mmdb", "GeoLite2-ASN", {"192.0.2.0/25": ASN}, version=4)


def test_several_databases_tell_together(city: Path, asn: Path) -> None:
    for order in ((city, asn), (asn, city)):
        context = AddressContext(order)
        assert context.place_of("192.0.2.44") == AddressPlace("NL", "Amsterdam", 64500, "Example Hosting")
        assert context.place_of("192.0.2.200") == AddressPlace("NL", "Amsterdam")
        assert context.place_of("2001:db8::1") == AddressPlace("NL", "Amsterdam")


@pytest.mark.parametrize(
    "text", [None, "", "AWS Internal", "s3.amazonaws.com", "203.0.113.5", "035.249.253.232", "::ffff:1"]
)
def test_what_no_database_tells_is_nowhere(city: Path, asn: Path, text: str | None) -> None:
    assert AddressContext([city, asn]).place_of(text) == NOWHERE
    assert AddressContext().place_of(text) == NOWHERE


def test_a_flat_record_is_read_too(tmp_path: Path) -> None:
    flat = {"country_code": "NL", "city": "Amsterdam", "asn": "AS64500", "as_name": "Example Hosting"}
    context = AddressContext([database(tmp_path / "flat.mmdb", "ipinfo", {"192.0.2.0/24": flat})])
    assert context.place_of("192.0.2.44") == AddressPlace("NL", "Amsterdam", 64500, "Example Hosting")


@pytest.mark.parametrize(
    "record",
    [{"country": {"iso_code": 7}, "city": ["Amsterdam"], "asn": "many"}, {"city": {"names": "x"}}, ["NL"], "NL", 7],
    ids=str,
)
def test_a_record_of_another_shape_tells_nothing(tmp_path: Path, record: Any) -> None:
    context = AddressContext([database(tmp_path / "odd.mmdb", "odd", {"192.0.2.0/24": record})])
    assert context.place_of("192.0.2.44") == NOWHERE


def test_the_answer_says_where_its_words_come_from(city: Path, asn: Path, sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        page, plain = case.key(sample.LEAKED_KEY, geo=[city, asn]), case.key(sample.LEAKED_KEY)
    strange = {one.value: one for one in page.activity.addresses}["192.0.2.44"]
    assert (strange.country, strange.city, strange.as_number) == ("NL", "Amsterdam", 64500)
    assert [one.type for one in page.address_databases] == ["GeoLite2-City", "GeoLite2-ASN"]
    for one in page.address_databases:
        assert datetime.now(UTC).replace(tzinfo=None) - one.built_at < timedelta(days=1) and len(one.sha256) == 64
    assert plain.address_databases == () and {one.country for one in plain.activity.addresses} == {None}


@pytest.mark.parametrize(
    "content", [b"", b"no database", b"\xab\xcd\xefMaxMind.com" + b"\xff" * 40], ids=["empty", "text", "damaged"]
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mmdb").write_bytes(content)
    with pytest.raises(NotAddressDatabase, match=r"x\.mmdb is not an address database") as refused:
        AddressContext([tmp_path / "x.mmdb"])
    assert "\n" not in str(refused.value)


def test_a_damaged_tree_is_refused(city: Path) -> None:
    content = bytearray(city.read_bytes())
    content[: len(content) // 2] = b"\xfe" * (len(content) // 2)
    city.write_bytes(content)
    with pytest.raises(NotAddressDatabase):
        AddressContext([city]).place_of("192.0.2.44")
