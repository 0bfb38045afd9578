"""DataFrames: every column has a computable type, and times are UTC."""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa

from forensics.output.frame import to_frame

QUERY = """
select sum(n) as total, n::tinyint as small, n = 1 as flag,
       date '2026-10-01' as day, timestamp '2026-10-01 12:00' as bare, 'text' as words,
       timestamptz '2026-10-01 12:00+00' as zoned, 170141183460469231731687303715884105727::hugeint as huge
from (values (1), (null)) as rows(n)
group by n
order by n
"""


def frame() -> pd.DataFrame:
    return to_frame(duckdb.connect().sql(QUERY).to_arrow_table())


def test_columns_have_types() -> None:
    types = {name: str(type_) for name, type_ in frame().dtypes.items()}
    assert types == {
        "total": "Int64",
        "small": "Int8",
        "flag": "boolean",
        "day": types["day"],
        "bare": "datetime64[us, UTC]",
        "zoned": "datetime64[us, UTC]",
        "huge": "object",
        "words": "str",
    }
    assert types["day"].startswith("datetime64")


def test_null_is_null_and_a_number_too_large_is_itself() -> None:
    found = frame()
    assert found["total"].isna().tolist() == [False, True]
    assert int(found["huge"].iloc[0]) == 2**127 - 1
    assert found["bare"].equals(found["zoned"])


def test_names_may_repeat() -> None:
    assert list(to_frame(pa.table([[1], [2]], names=["n", "n"])).columns) == ["n", "n"]
