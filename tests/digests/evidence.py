"""A case of the sample incident's logs with digests around them, for the tests of proof."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from forensics.case import Case
from tests.conftest import SAMPLE_LOGS
from tests.simulator.digests import Object, chains_over, signer, write_keys, write_objects

# the hours of the incident, in the one region where its keys were handed out
_HOURS = ("us-east-1/2026/10/04", "us-east-1/2026/10/03")


@cache
def incident() -> tuple[Object, ...]:
    """Some of the sample logs, as objects."""
    paths = sorted(path for path in SAMPLE_LOGS.rglob("*.json.gz") if any(hours in str(path) for hours in _HOURS))
    return tuple(Object(path.relative_to(SAMPLE_LOGS).as_posix(), gzip.decompress(path.read_bytes())) for path in paths)


def case_with_digests(folder: Path) -> Case:
    """A case below `folder`, its sources in `folder/logs`."""
    chains = chains_over(incident())
    heads = [chain.digests[-1] for chain in chains]
    write_objects([one for chain in chains for one in chain.objects], folder / "logs", heads=heads)
    write_keys(folder / "logs", signer())
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case
