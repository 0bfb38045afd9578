"""Without pandas: for processes of our own.

pyarrow imports pandas, where it is installed, to see whether a list that it is given is one of pandas' own. That takes
a quarter of a second and 50 MB, of every command and every worker, and none of them has such a list.
"""

from __future__ import annotations

import sys


class _NoPandas:
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError(__doc__)


def without_pandas() -> None:
    """From now on this process finds no pandas."""
    sys.meta_path.insert(0, _NoPandas())
