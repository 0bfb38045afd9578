"""Measure the verification of a folder, as a ratio to inflating and hashing the same files on the same cores.

    python -m tests.benchmarks.verification [--files N] [--records N]

Both are complete commands, including their start, and run in turn. The result is the processor time of a command and
its child processes, which other load on the machine does not affect. The elapsed time is printed beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID

from tests.simulator.digests import START, Object, TrailOfDigests, digest, log, signer, write_keys, write_objects

ROUNDS = 3
LIMIT = 0.5
FILES_PER_HOUR = 100
FORENSICS = str(Path(sys.executable).with_name("forensics"))
INFLATE_AND_HASH = """
import hashlib, os, sys
from multiprocessing import Pool
from pathlib import Path
from isal import isal_zlib

def hashed(path):
    with open(path, "rb") as file:
        return hashlib.sha256(isal_zlib.decompress(file.read(), wbits=31)).hexdigest()

if __name__ == "__main__":
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names]
    with Pool() as pool:
        hashes = pool.map(hashed, paths, chunksize=200)
    assert len(set(hashes)) == len(paths)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=60, help="in each file")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
        logs = Path(folder, "logs")
        write_objects([*_trail(arguments.files, arguments.records)], logs)
        keys = write_keys(Path(folder), signer())
        script = Path(folder, "inflate_and_hash.py")
        script.write_text(INFLATE_AND_HASH)
        hashing, verifying = _take_turns(
            (sys.executable, str(script), str(logs)), (FORENSICS, "verify", str(logs), "--keys", str(keys))
        )
    print(f"{arguments.files:,} files of {arguments.records} records on {os.cpu_count()} cores")
    print(f"{'':24}{'processor':>10}{'elapsed':>10}")
    for name, (work, elapsed) in (("inflate and hash", hashing), ("forensics verify", verifying)):
        print(f"{name:24}{work:9.2f}s{elapsed:9.2f}s")
    ratio = hashing[0] / verifying[0]
    missed = ratio < LIMIT
    verdict = "  MISSED" if missed else ""
    print(f"{'speed, as a ratio':24}{ratio:10.2f}{hashing[1] / verifying[1]:10.2f}  limit {LIMIT}{verdict}")
    return 1 if missed else 0


def _trail(files: int, records: int) -> Iterator[Object]:
    """Write distinct log files and the chain of digests that lists them."""
    trail = TrailOfDigests()
    before: Object | None = None
    for hour, start in enumerate(range(0, files, FILES_PER_HOUR), 1):
        end = START + timedelta(hours=hour)
        logs = [
            log(trail, end, number, _records(trail, end, number, records))
            for number in range(start, min(start + FILES_PER_HOUR, files))
        ]
        before = digest(trail, end, logs, before, signer())
        yield from logs
        yield before


def _records(trail: TrailOfDigests, end: datetime, number: int, records: int) -> list[Mapping[str, object]]:
    """Return records of usual length; 60 of them are 60 kB, the average inflated size of a trail's log file."""
    described = "GET / HTTP/1.1 aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7 "
    chosen = Random(number)
    return [
        {
            "eventVersion": "1.11",
            "eventID": str(UUID(int=chosen.getrandbits(128))),
            "requestID": str(UUID(int=chosen.getrandbits(128))),
            "eventTime": (end - timedelta(seconds=chosen.randrange(3600))).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "ec2.amazonaws.com",
            "eventName": chosen.choice(("DescribeInstances", "DescribeVolumes", "DescribeVpcs")),
            "awsRegion": trail.region,
            "recipientAccountId": trail.account_id,
            "sourceIPAddress": f"203.0.113.{chosen.randrange(256)}",
            "userAgent": described * chosen.randrange(3, 9),
            "requestParameters": {"nextToken": f"{chosen.getrandbits(800):x}", "filterSet": {"items": [{}] * 20}},
        }
        for _ in range(records)
    ]


def _take_turns(*commands: tuple[str, ...]) -> list[tuple[float, float]]:
    """Return median processor and elapsed seconds of each. A first round fills the disk caches and is not counted."""
    rounds = [[_run(command) for command in commands] for _ in range(ROUNDS + 1)][1:]
    return [
        (median(work for work, _ in times), median(elapsed for _, elapsed in times))
        for times in zip(*rounds, strict=True)
    ]


def _run(command: tuple[str, ...]) -> tuple[float, float]:
    start = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    _, status, used = os.wait4(os.posix_spawn(command[0], command, os.environ, file_actions=quiet), 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
