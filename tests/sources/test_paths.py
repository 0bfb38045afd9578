"""Paths: every file below the given paths is found, and none is skipped silently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics.errors import NoSuchSource
from forensics.sources.paths import find_files


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_are_named_by_their_path_below_what_was_given(tmp_path: Path) -> None:
    make(tmp_path, "logs/b.json", "logs/a/c.json", "logs/.hidden", "one.json")
    found = find_files([tmp_path / "logs", tmp_path / "one.json"])
    assert [file.name for file in found] == [".hidden", "a/c.json", "b.json", "one.json"]
    assert [file.size for file in found] == [
        len("logs/.hidden"),
        len("logs/a/c.json"),
        len("logs/b.json"),
        len("one.json"),
    ]
    assert all(Path(file.path).is_absolute() and Path(file.path).read_text() for file in found)


def test_the_order_of_what_is_given_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a/x.json", "b/x.json", "b/y.json")
    assert find_files([tmp_path / "a", tmp_path / "b"]) == find_files([tmp_path / "b", tmp_path / "a"])


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSource, match="nowhere"):
        find_files([tmp_path / "nowhere"])


def test_an_empty_folder_holds_no_file(tmp_path: Path) -> None:
    assert find_files([tmp_path]) == []


def test_links_to_files_are_followed_and_links_to_nothing_are_listed(tmp_path: Path) -> None:
    make(tmp_path, "logs/a.json")
    (tmp_path / "logs" / "link.json").symlink_to(tmp_path / "logs" / "a.json")
    (tmp_path / "logs" / "dangling.json").symlink_to(tmp_path / "logs" / "nowhere")
    assert [(file.name, file.size) for file in find_files([tmp_path / "logs"])] == [
        ("a.json", 11),
        ("dangling.json", 0),
        ("link.json", 11),
    ]


def test_a_pipe_is_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [(file.name, file.skipped) for file in find_files([tmp_path])] == [("pipe", "it is a FIFO")]


def test_a_folder_that_cannot_be_listed_is_among_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.json", "closed/b.json")
    listing = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [file.name for file in find_files([tmp_path])] == ["a.json", "closed"]
