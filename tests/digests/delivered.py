"""Log files and digests of one trail around records made by hand, for the tests of what digests count for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from forensics.case import Case
from tests.attribution.records import START, Account, Json, assume_role, call
from tests.simulator.digests import HOUR, Object, Signer, TrailOfDigests, digest, signer, write_keys, write_objects

AWS = Account("111111111111")
ALICE, BOB = AWS.user("alice"), AWS.user("bob")
DEPLOY = AWS.role("deploy")
KEY = AWS.key("K")
HOURS = 6
TRAIL = TrailOfDigests(AWS.id)

ISSUANCE = assume_role(ALICE.signs(), DEPLOY, "build", 300, issues=KEY)
FORGERY = assume_role(BOB.signs(), DEPLOY, "build", 300, issues=KEY)
USES = [call(DEPLOY.session("build", 300, KEY), 420), call(BOB.signs(), 430), call(ALICE.signs(), 440)]


def log_file(
    records: Sequence[Json],
    delivered: float,
    *,
    root: str = "AWSLogs/",
    account: str = AWS.id,
    region: str = "us-east-1",
) -> Object:
    """A log file that was delivered so many seconds after the start."""
    content = json.dumps({"Records": records}).encode()
    time = START + timedelta(seconds=delivered)
    mark = hashlib.sha256(content).hexdigest()[:16]
    name = f"{account}_CloudTrail_{region}_{time:%Y%m%dT%H%MZ}_{mark}.json.gz"
    return Object(f"{root}{account}/CloudTrail/{region}/{time:%Y/%m/%d}/{name}", content)


@dataclass(frozen=True)
class Delivered:
    """What a trail delivered: log files, each with its time of delivery, and a digest an hour."""

    files: tuple[tuple[float, Object], ...]
    digests: tuple[Object, ...]

    @property
    def logs(self) -> tuple[Object, ...]:
        return tuple(file for _, file in self.files)


def delivered(
    *files: tuple[float, Object],
    trail: TrailOfDigests = TRAIL,
    by: Signer | None = None,
    hours: Iterable[int] = range(HOURS),
) -> Delivered:
    """The files with digests of some hours around them."""
    digests: list[Object] = []
    for hour in hours:
        listed = [file for second, file in files if hour * 3600 <= second < (hour + 1) * 3600]
        digests.append(
            digest(trail, START + (hour + 1) * HOUR, listed, digests[-1] if digests else None, by or signer())
        )
    return Delivered(tuple(files), tuple(digests))


ISSUED = (310.0, log_file([ISSUANCE], 310))
USED = (600.0, log_file(USES, 600))
PLANTED = log_file([FORGERY], 310)
GENUINE = delivered(ISSUED, USED)


def at(key: str, one: Object) -> Object:
    """The same content under another key."""
    return replace(one, key=key)


def moved(prefix: str, objects: Iterable[Object]) -> list[Object]:
    return [replace(one, key=f"{prefix}{one.key}") for one in objects]


def flat(objects: Iterable[Object]) -> list[Object]:
    """The names alone, as files are that were downloaded into one folder."""
    return [replace(one, key=one.key.rpartition("/")[2]) for one in objects]


def put(folder: Path, objects: Iterable[Object], *keys: Signer, tips: Sequence[Object] = ()) -> Path:
    """Objects in a folder with the metadata of their newest digests, and the public keys beside them."""
    write_objects(list(objects), folder, heads=tips)
    write_keys(folder, *(keys or (signer(),)))
    return folder


def case_of(folder: Path, logs: Iterable[Object], digests: Sequence[Object], *keys: Signer) -> Case:
    """A case of all of it, made by one ingest."""
    put(folder / "logs", [*logs, *digests], *keys, tips=digests[-1:])
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case
