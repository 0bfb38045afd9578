"""Write simulated logs to a folder.

`python -m tests.simulator FOLDER`: the sample logs; replaces existing ones.
`python -m tests.simulator FOLDER SEED [INCIDENT]`: a month; prints the truth of its incident.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .delivery import write
from .months import IncidentTruth, month
from .sample import sample_world


def main(folder: Path) -> None:
    shutil.rmtree(folder / "AWSLogs", ignore_errors=True)
    write(sample_world().files, folder)


def write_month(folder: Path, seed: int, incident: str | None = None) -> str:
    """Write a month to a folder, and return the truth of its incident."""
    played = month(seed, incident)
    write(played.files, folder)
    traits = f"{len(played.events):,} events; {', '.join(sorted(played.traits))}"
    return "\n".join((traits, *(_described(played.incident) if played.incident else ())))


def _described(truth: IncidentTruth) -> tuple[str, ...]:
    return (
        f"{truth.kind}: {', '.join(truth.notes)}",
        f"{len(truth.event_ids)} events of the intruder, {truth.first:%d %b %H:%M:%S} to {truth.last:%d %b %H:%M:%S}",
        f"keys: {', '.join(sorted(truth.access_key_ids))}",
        f"used by the intruder alone: {', '.join(sorted(truth.own_access_key_ids | truth.own_ids)) or 'none'}",
        *sorted(truth.event_ids),
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(write_month(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
    else:
        main(Path(sys.argv[1]))
