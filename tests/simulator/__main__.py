"""`python -m tests.simulator FOLDER`: write the sample logs to a folder and replace existing ones."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .delivery import write
from .sample import sample_world


def main(folder: Path) -> None:
    shutil.rmtree(folder / "AWSLogs", ignore_errors=True)
    write(sample_world().files, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
