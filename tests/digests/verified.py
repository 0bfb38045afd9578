"""Verify objects of the simulator as a folder, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from forensics.answers.verify_answer import Verification
from forensics.case import verify_logs
from tests.simulator.digests import Object, Signer, signer, write_keys, write_objects


def verified(
    folder: Path,
    objects: Sequence[Object],
    *,
    heads: Sequence[Object] = (),
    keys: Iterable[Signer] | None = None,
    bucket: str | None = None,
) -> Verification:
    """What is proven of a copy of `objects`. `heads`: whose metadata was saved; `keys`: AWS's alone unless given."""
    write_objects(objects, folder / "logs", heads=heads)
    trusted = tuple(keys) if keys is not None else (signer(),)
    brought = [write_keys(folder, *trusted)] if trusted else []
    return verify_logs([folder / "logs"], keys=brought, bucket=bucket)


def statuses(answer: Verification, kind: str = "log") -> dict[str, str]:
    """The status of each file, by the object that it is."""
    return {
        (one.s3_object or one.name or "").rpartition("/")[2]: one.status.value
        for one in answer.files
        if one.kind == kind
    }
