"""forensics tree"""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import run
from tests.simulator import sample

# Fields may be added at the end of these lists, and never leave them.
TREE = "subject at nodes containment ancestors flags evidence exports digests named"
NODE = (
    "id kind parent relation depth certain access_key_ids principal_id arn account_id issued_at expires_at valid_at"
    " first_use last_use events event_ids name state flags ended"
)
STEP = "order action target account_id ends survives why command command_note"


def test_the_json_has_every_key_under_its_name(sample_case: Path) -> None:
    at = "2026-10-04T02:50:00Z"
    done = run("tree", sample.LEAKED_KEY, "--case", sample_case, "--at", at, "--format", "json")
    found = json.loads(done.out)
    assert list(found) == TREE.split()
    assert found["at"] == at
    assert all(list(node) == NODE.split() for node in found["nodes"])
    assert all(list(step) == STEP.split() for step in found["containment"])
    assert [node["id"] for node in found["nodes"]] == list(range(len(found["nodes"])))
    assert [step["order"] for step in found["containment"]] == list(range(1, len(found["containment"]) + 1))


def test_a_time_without_an_offset_is_utc(sample_case: Path) -> None:
    done = run("tree", sample.LEAKED_KEY, "--case", sample_case, "--at", "2026-10-04 02:50", "--format", "json")
    assert json.loads(done.out)["at"] == "2026-10-04T02:50:00Z"


def test_no_time_is_a_usage_error(sample_case: Path) -> None:
    done = run("tree", sample.LEAKED_KEY, "--case", sample_case, "--at", "soon")
    assert done.code == 2 and "cannot parse" in done.complaint


def test_no_identifier_is_a_usage_error(sample_case: Path) -> None:
    assert run("tree", "nonsense", "--case", sample_case).code == 2
