"""Masked columns: the text of records, and columns of free text, with masked secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.records.arrow_schema import TEXT
from forensics.records.secrets import HOLDS_A_SECRET, mask

# may contain any text, so secrets are masked; no model joins on them
_FREE_TEXT = (
    "user_agent",
    "error_message",
    "resource",
    "session_tags",
    "principal_tags",
    "incoming_transitive_tags",
    "session_policy",
)


def masked_columns(columns: Mapping[str, pa.StringArray]) -> dict[str, pa.StringArray]:
    """Return the columns of free text with masked secrets."""
    return {name: _masked_text(columns[name], columns["record"]) for name in _FREE_TEXT}


def masked_records(raw: Sequence[bytes], column: pa.BinaryArray, texts: Mapping[int, str]) -> dict[int, str]:
    """Return the text of records that differs from `raw`, keyed by row: rewritten, or with masked secrets."""
    found = {row: mask(text.encode()).decode() for row, text in texts.items()}
    for row in np.flatnonzero(pc.match_substring_regex(column, HOLDS_A_SECRET).to_numpy(zero_copy_only=False)).tolist():
        if row not in texts:
            masked = mask(raw[row])
            if masked != raw[row]:
                found[row] = masked.decode("utf-8")
    return found


def _masked_text(column: pa.StringArray, record: pa.StringArray) -> pa.StringArray:
    """Return a column with masked secrets. Only rows with a text in `record` can contain a secret."""
    rows = np.flatnonzero(record.is_valid().to_numpy(zero_copy_only=False))
    texts = column.take(pa.array(rows))
    holds = pc.fill_null(pc.match_substring_regex(texts, HOLDS_A_SECRET), False).to_numpy(zero_copy_only=False)
    if not holds.any():
        return column
    replaced = np.zeros(len(column), bool)
    replaced[rows[holds]] = True
    masked = [mask(text.encode()).decode() for text in texts.filter(pa.array(holds)).to_pylist()]
    return pc.replace_with_mask(column, pa.array(replaced), pa.array(masked, TEXT))
