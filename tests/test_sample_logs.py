"""The sample in `sample_logs/`: the simulator writes it again as it is, and it tells the story of its README."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample as story
from tests.simulator import truth, write


def inflated(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): gzip.decompress(path.read_bytes()) for path in folder.rglob("*.json.gz")}


def test_the_sample_on_disk_is_what_the_simulator_writes(tmp_path: Path) -> None:
    """Compared inflated: zlibs differ in how they deflate."""
    write(story.sample_world().files, tmp_path)
    assert inflated(tmp_path) == inflated(SAMPLE_LOGS)


def test_the_sample_is_an_organisation_in_three_megabytes() -> None:
    paths = list(SAMPLE_LOGS.rglob("*.json.gz"))
    found = [record for path in paths for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    assert sum(path.stat().st_size for path in SAMPLE_LOGS.rglob("*") if path.is_file()) < 2_000_000
    assert len(paths) <= 400
    assert len({(record["eventID"], record["recipientAccountId"]) for record in found}) >= 5000
    assert len({record["recipientAccountId"] for record in found}) >= 4
    assert len({record["awsRegion"] for record in found}) >= 3
    assert {record["eventTime"][:10] for record in found} == {f"2026-10-0{day}" for day in range(1, 6)}


def test_the_storys_keys_are_those_of_the_sample() -> None:
    keys = story.sample().incident
    assert (keys.leaked, keys.first_hop, keys.second_hop, keys.deep) == (
        story.LEAKED_KEY,
        story.FIRST_HOP_KEY,
        story.SECOND_HOP_KEY,
        story.DEEP_KEY,
    )
    assert (keys.stolen_workload, keys.persistence, keys.second_persistence, keys.intruder_console) == (
        story.STOLEN_WORKLOAD_KEY,
        story.PERSISTENCE_KEY,
        story.SECOND_PERSISTENCE_KEY,
        story.INTRUDER_CONSOLE_KEY,
    )
    assert (keys.honest, keys.responder, keys.before_coverage) == (
        story.HONEST_KEY,
        story.RESPONDER_KEY,
        story.BEFORE_COVERAGE_KEY,
    )


def test_the_readme_tells_of_keys_that_are_in_the_sample() -> None:
    told = set(re.findall(r"A(?:KIA|SIA)[A-Z2-7]{16}", (SAMPLE_LOGS / "README.md").read_text()))
    world = story.sample_world()
    assert told
    assert told <= {one.access_key_id for one in truth(world, world.files)}


def test_the_deep_key_goes_back_to_the_leaked_one() -> None:
    world = story.sample_world()
    found = {one.access_key_id: one for one in truth(world, world.files) if one.access_key_id}
    deep = found[story.DEEP_KEY]
    assert deep.decided and deep.origin_decided
    assert [step[1] for step in deep.chain] == [story.SECOND_HOP_KEY, story.FIRST_HOP_KEY, story.LEAKED_KEY]
    assert len({deep.account_id, *(step[0] for step in deep.chain)}) == 3
    assert found[story.BEFORE_COVERAGE_KEY].stop_reason == "before_coverage"
