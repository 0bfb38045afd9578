"""Runtime: starts child processes, and finds installed programs and the files of the package.

The working directory is often a folder of evidence, so no module or program is loaded from it.
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

# `-P` keeps the working directory off the child's `sys.path`; `-I` would also hide packages of `pip install --user`.
# The child imports the same package as its parent, installed or not. For other modules, the folder of the package is
# the last on the path, so that installed modules take precedence.
_CHILD = """
import sys
sys.path.insert(0, {folder!r})
import forensics
sys.path.append(sys.path.pop(0))
from forensics.processes.runtime import end_with
end_with({parent})
from {module} import main
main()
"""
_CHECKS_EVERY_SECONDS = 0.2


def start_python(module: str, *arguments: str, defaults: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `main` of a module of this package in a child process, with pipes to its input and output.

    Args:
        module: the name of the module, such as `forensics.ingest.worker`.
        arguments: the child's `sys.argv[1:]`.
        defaults: environment variables for the child, unless the user has set them.
    """
    code = _CHILD.format(folder=str(Path(__file__).parents[2]), module=module, parent=os.getpid())
    # the child must decode file names like its parent
    command = [sys.executable, "-P", f"-Xutf8={sys.flags.utf8_mode}", "-c", code, *arguments]
    # an empty entry of PYTHONPATH is the working directory, and other PYTHON variables contain modules and folders, too
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**(defaults or {}), **inherited}
    # Ctrl-C reaches the children, too; they block it, because the parent handles it and ends them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """Exit soon after the parent process has died, even during a long read."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECKS_EVERY_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def find_program(name: str) -> str | None:
    """Return the absolute path of a program in PATH, except in the working directory; None if it is not installed."""
    folders = [folder for folder in os.get_exec_path() if _is_elsewhere(Path(folder))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return found if found and Path(found).is_absolute() else None


def _is_elsewhere(folder: Path) -> bool:
    """Return whether an entry of PATH is an absolute folder other than the working directory."""
    return folder.is_absolute() and folder.is_dir() and not folder.samefile(os.curdir)


class _NoPandas:
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError("pandas is disabled in this process")


def without_pandas() -> None:
    """Disable the import of pandas in this process.

    pyarrow imports pandas to check whether a list is a pandas object. That would cost every command and every worker a
    quarter of a second and 50 MB, and none of them passes pandas objects.
    """
    sys.meta_path.insert(0, _NoPandas())


def packaged_folder(name: str) -> Path:
    """Return the folder `queries` or `sample_logs` of the installed package, otherwise of the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name
