"""Runtime: what every process of this program starts with, and how it starts other programs.

The working directory is often a folder of evidence. No module and no program is ever taken from it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

# `-P` keeps the working directory off the child's `sys.path`. `-I` would do more harm than good: it also hides the
# packages of `pip install --user`. The child runs this very package, installed or not, and prefers installed modules
# to those that lie beside the package.
_CHILD = """
import sys
sys.path.insert(0, {folder!r})
import forensics
sys.path.append(sys.path.pop(0))
from forensics.runtime import end_with
end_with({parent})
from {module} import main
main()
"""
_CHECKS_EVERY_SECONDS = 0.2


def start_python(module: str, *arguments: str, defaults: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `main` of a module of this package in a process of its own, with pipes to its input and output.

    Args:
        module: the name of the module, such as `forensics.ingest.worker`.
        arguments: what the module finds in `sys.argv[1:]`.
        defaults: environment variables for the child, unless the user has set them.
    """
    code = _CHILD.format(folder=str(Path(__file__).parent.parent), module=module, parent=os.getpid())
    # the encoding of file names is the parent's, however that was chosen
    command = [sys.executable, "-P", f"-Xutf8={sys.flags.utf8_mode}", "-c", code, *arguments]
    # PYTHONPATH with an empty entry means the working directory; other PYTHON variables name modules and folders, too
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**(defaults or {}), **inherited}
    # Ctrl-C reaches the children, too. They inherit that it is blocked, so the parent alone handles it and ends them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """End this process soon after the process that started it, also while it reads a large file."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECKS_EVERY_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def find_program(name: str) -> str | None:
    """Return the absolute path of an installed program; None if there is none outside the working directory."""
    folders = [folder for folder in os.get_exec_path() if _is_elsewhere(Path(folder))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return found if found and Path(found).is_absolute() else None


def _is_elsewhere(folder: Path) -> bool:
    """Whether an entry of PATH is not the working directory, which an empty or relative entry also means."""
    return folder.is_absolute() and folder.is_dir() and not folder.samefile(os.curdir)


class _NoPandas:
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError("this process runs without pandas")


def without_pandas() -> None:
    """Make pandas unavailable in this process.

    pyarrow imports an installed pandas to check whether a list is one of pandas' own. That costs every command and
    every worker a quarter of a second and 50 MB, and none of them has such a list.
    """
    sys.meta_path.insert(0, _NoPandas())


def packaged_folder(name: str) -> Path:
    """Return the folder `queries` or `sample_logs` of the installed package, or of the checkout if not installed."""
    package = Path(__file__).parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name
