"""Archives: every member comes out with its name and its content; what cannot is told, and nothing beyond bounds."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.formats import archives as module
from forensics.formats.archives import ArchiveMember, is_tar, is_zip, members_of_tar, members_of_zip
from forensics.formats.inflate import Measure, Unreadable, bounded_member

Files = dict[str, bytes]
names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=150).filter(
    lambda name: name.strip(".")
)
files = st.dictionaries(names, st.binary(max_size=2_000), max_size=5)


def tar_of(content: Files, format: int = tarfile.PAX_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def zip_of(content: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as archive:
        archive.mkdir("folder")
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return sink.getvalue()


def from_tar(data: bytes, size: int = 700) -> list[tuple[str, bytes | None]]:
    return taken(members_of_tar(data[start : start + size] for start in range(0, len(data), size)))


def from_zip(data: bytes) -> list[tuple[str, bytes | None]]:
    return taken(members_of_zip(io.BytesIO(data)))


def taken(members: Iterable[ArchiveMember]) -> list[tuple[str, bytes | None]]:
    return [(one.name, None if one.pieces is None else b"".join(one.pieces)) for one in members]


@given(files, st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]), st.sampled_from([1, 512, 700, 1 << 20]))
@settings(deadline=None, max_examples=50)
def test_the_members_of_a_tar_come_out(content: Files, format: int, size: int) -> None:
    data = tar_of(content, format)
    assert is_tar(data[:512])
    assert from_tar(data, size) == list(content.items())


@given(files, st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
@settings(deadline=None, max_examples=40)
def test_the_members_of_a_zip_come_out(content: Files, compression: int) -> None:
    content = {name: data for name, data in content.items() if "\\" not in name}
    data = zip_of(content, compression)
    assert is_zip(data)
    assert from_zip(data) == list(content.items())


def test_members_need_not_be_read() -> None:
    assert [m.name for m in members_of_tar([tar_of({"a": bytes(5_000), "b": b"x"})])] == ["a", "b"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../../up", "C:\\x", "a\x1b[31m", "a" * 5_000])
def test_a_name_is_only_a_name(name: str) -> None:
    assert from_tar(tar_of({name: b"1"})) == [(name, b"1")]


def test_links_and_devices_are_told_and_not_followed() -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for type_ in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(type_.decode())
            info.type, info.linkname = type_, "/etc/passwd"
            archive.addfile(info)
    members = list(members_of_tar([sink.getvalue()]))
    assert len(members) == 4
    assert all(member.pieces is None and member.reason for member in members)


@given(st.integers(1, 20_000))
@settings(deadline=None, max_examples=40)
def test_a_cut_tar_is_told_after_what_it_holds(cut: int) -> None:
    content = {"a": bytes(3_000), "b": b"b" * 3_000, "c": b"c" * 10}
    data = tar_of(content, tarfile.GNU_FORMAT)
    whole = 512 + 512 + 3_072 + 512 + 3_072 + 512 + 512
    data = data[:whole][:-cut] if cut < whole else b""
    found: list[tuple[str, bytes]] = []
    with pytest.raises(Unreadable, match=r"truncated|damaged"):  # noqa: PT012 - keeps what was read before
        for member in members_of_tar([data]):
            assert member.pieces is not None
            found.append((member.name, b"".join(member.pieces)))
    assert found == list(content.items())[: len(found)]


@pytest.mark.parametrize("damage", [0, 100, 156, 600])
def test_a_damaged_header_does_not_end_a_tar_in_silence(damage: int) -> None:
    data = bytearray(tar_of({"a": b"1", "b": b"2"}, tarfile.GNU_FORMAT))
    data[512 + 512 + 512 + damage % 512] ^= 0xFF
    with pytest.raises(Unreadable):
        from_tar(bytes(data))


def zip_of_lzma(content: Files) -> bytes:
    return zip_of(content, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("make", [zip_of, zip_of_lzma, tar_of])
@given(place=st.integers(0, 100_000), byte=st.integers(0, 255))
@example(place=560, byte=0)  # a name of nothing
@settings(deadline=None, max_examples=80)
def test_any_damage_is_told_or_costs_nothing_but_names(make: Callable[[Files], bytes], place: int, byte: int) -> None:
    content = {"a.json": b'{"a":1}' * 100, "b.json": b'{"b":1}' * 100}
    data = bytearray(make(content))
    place %= len(data)
    data[place] = byte
    try:
        found = from_zip(bytes(data)) if make is not tar_of else from_tar(bytes(data))
    except Unreadable:
        return
    if make is not tar_of:  # every byte of it is under a checksum, but for names and dates
        assert {data for _, data in found if data is not None} <= set(content.values())


def test_an_encrypted_member_is_told() -> None:
    data = bytearray(zip_of({"a": b"secret"}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    (member,) = members_of_zip(io.BytesIO(bytes(data)))
    assert member.pieces is None and member.reason and "encrypted" in member.reason


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    content = {str(number): b"" for number in range(10)}
    for read, data in ((from_zip, zip_of(content)), (from_tar, tar_of(content))):
        with pytest.raises(Unreadable, match="more than 3 members"):
            read(data)


def test_a_bomb_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.formats.inflate._RATIO_COUNTS_FROM", 1 << 20)
    data = zip_of({str(number): bytes(10 << 20) for number in range(5)})
    archive = Measure(bytes_read=len(data))
    size = 0
    with pytest.raises(Unreadable, match="which no log does"):  # noqa: PT012 - counts the bytes before
        for member in members_of_zip(io.BytesIO(data)):
            assert member.pieces is not None
            for piece in bounded_member(member.pieces, archive):
                size += len(piece)
    assert size <= 500 * len(data) + (1 << 20)


def test_members_of_a_zip_made_on_windows_lie_in_folders() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in (("logs\\", b""), ("logs\\day\\", b""), ("logs\\day\\a.json", b"{}")):
            member = zipfile.ZipInfo(name)
            member.create_system = 0
            archive.writestr(member, data)
        archive.writestr(zipfile.ZipInfo("made\\on-unix.json"), b"[]")
    assert from_zip(sink.getvalue()) == [("logs/day/a.json", b"{}"), ("made\\on-unix.json", b"[]")]
