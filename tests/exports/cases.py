"""Cases of exports made by hand, and of worlds with the exports that match them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics.answers import Ingest
from forensics.case import Case

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def add(case: Case, folder: Path, files: Mapping[str, Any], as_of: datetime | None = AS_OF) -> Ingest:
    """Ingest files: text as it is, anything else as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return case.ingest([folder / name for name in files], as_of=as_of)


def rows(case: Case, query: str) -> list[tuple[Any, ...]]:
    return list(case.sql_rows(query).rows)


def key(key_id: str, user: str, status: str = "Active", created: str = "2026-01-01T00:00:00+00:00") -> dict[str, str]:
    return {"UserName": user, "AccessKeyId": key_id, "Status": status, "CreateDate": created}


def listed(*keys: dict[str, str]) -> dict[str, Any]:
    return {"AccessKeyMetadata": list(keys)}


def used(user: str, at: str | None, service: str = "s3") -> dict[str, Any]:
    last = {"ServiceName": "N/A", "Region": "N/A"}
    if at:
        last = {"LastUsedDate": at, "ServiceName": service, "Region": "us-east-1"}
    return {"UserName": user, "AccessKeyLastUsed": last}
