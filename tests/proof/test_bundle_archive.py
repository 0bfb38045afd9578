"""The archive of a bundle: what is written is read, whatever its size."""

from __future__ import annotations

import io

import pytest

from forensics.proof.bundle_archive import read, write

BLOCK, RECORD = 512, 20 * 512


@pytest.mark.parametrize("blocks", range(RECORD // BLOCK))
def test_an_archive_of_any_size_is_read(blocks: int) -> None:
    """Tar pads to records of 20 blocks: the padding has another length for each number of blocks."""
    content = b"x" * (blocks * BLOCK)
    file = io.BytesIO()
    write(file, {"answer.json": content}, as_zip=False)
    file.seek(0)
    assert read(file, {"answer.json": RECORD})["answer.json"].content == content
