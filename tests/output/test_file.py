"""Answers in a file: private, complete or absent, and never over an existing file without --force."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from forensics.errors import CannotWrite
from forensics.files.private_file import private_file


def test_a_file_is_its_owners_alone_and_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "found.txt"
    with private_file(path, replace=False) as file:
        file.write("José \udcff\n")
        assert not path.exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "José \\udcff\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_there_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "found.txt"
    path.write_text("before")
    with pytest.raises(CannotWrite, match="--force"), private_file(path, replace=False):
        pass
    assert path.read_text() == "before"
    with private_file(path, replace=True) as file:
        file.write("after")
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_appears_meanwhile_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "found.txt"
    with pytest.raises(CannotWrite), private_file(path, replace=False):
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), private_file(tmp_path / "found.txt", replace=False):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nowhere_is_there_and_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotWrite), private_file(link, replace=False):
        pass
    with private_file(link, replace=True) as file:
        file.write("here")
    assert not (tmp_path / "elsewhere").exists()
    assert not link.is_symlink() and link.read_text() == "here"


@pytest.mark.parametrize("place", [".", "/dev/null", "nowhere/found.txt"])
def test_where_no_file_can_be(tmp_path: Path, place: str) -> None:
    with pytest.raises(CannotWrite), private_file(tmp_path / place, replace=True):
        pass
