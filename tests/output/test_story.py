"""Screens of `story` on a narrow and a wide terminal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from forensics.answers.core import ActorKind, Grade
from forensics.answers.story_answer import StoryActor
from forensics.case import Case, EventFilter
from forensics.output.lines import cells, lay_out
from forensics.output.story_folds import folded
from forensics.output.story_text import render_story, render_whole_story
from tests.attribution.records import START, Account, call
from tests.cases import case_of_records
from tests.output.golden import same_as_golden
from tests.simulator import sample

LEAK = datetime(2026, 10, 3, 21, tzinfo=UTC)


@pytest.mark.parametrize("width", [80, 160])
def test_stories_of_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        for name, story in {
            "leaked": case.story(sample.LEAKED_KEY, leaked_at=LEAK),
            "address": case.story("192.0.2.91"),
            "unknown": case.story("AKIAQQQQQQQQQQQQQQQQ"),
            "later": case.story("192.0.2.91", since=LEAK.replace(year=2027)),
        }.items():
            shown = lay_out(render_story(story), width)
            assert all(cells(row) <= width or len(row.split()) == 1 for row in shown.splitlines())
            same_as_golden(f"story_{name}_{width}", shown)


def test_the_counts_of_a_page_add_up_to_the_events_of_the_story(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        story = case.story(sample.LEAKED_KEY)
    for most in (1, 3, 40, 1000):
        lines = folded(story.steps, most)
        assert sum(one.events for one in lines) == story.events
        assert sorted(id(step) for one in lines for step in one.steps) == sorted(id(step) for step in story.steps)
        assert [one.first_event_time for one in lines] == sorted(one.first_event_time for one in lines)
        assert sum(not one.is_mixed and len(one.steps) > 1 for one in lines) <= most


def test_the_lines_of_a_screen_add_up_to_the_events_in_its_header(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        for story in (case.story(sample.LEAKED_KEY), case.story(sample.LEAKED_KEY, leaked_at=LEAK)):
            shown = lay_out(render_story(story), None)
            cited = re.findall(r"^ +(?:[0-9a-f-]{36}|no event ID logged)(?: and ([0-9,]+) more)?$", shown, re.MULTILINE)
            folded_events = re.findall(r" steps with ([0-9,]+) events?: ", shown)
            lines = sum(1 + _number(more or "0") for more in cited) + sum(map(_number, folded_events))
            events, possible = re.findall(r": ([0-9,]+) events with .* and ([0-9,]+) more possibly", shown)[0]
            assert lines == _number(events) + _number(possible) == story.events


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def test_only_repeated_calls_are_routine(sample_case: Path) -> None:
    """Refused and sensitive calls, first assumptions of a role, and what was created are never routine."""
    with Case.open(sample_case) as case:
        story = case.story(sample.LEAKED_KEY)
    routine = [step for one in folded(story.steps, 40) if one.is_routine for step in one.steps]
    assert routine
    seen = set[tuple[str | None, str, str | None]]()
    called = {id(step): {(step.event_source, name, step.target_role_arn) for name in step.event_names} for step in
              story.steps}  # fmt: skip
    for step in story.steps:
        if any(step is one for one in routine):
            assert step.succeeded == step.events and not step.is_sensitive
            assert not (step.grantees or step.created_access_key_id or step.new_address or step.new_regions)
            assert step.is_reading or called[id(step)] <= seen
        if step.succeeded:
            seen |= called[id(step)]
    shown = lay_out(render_story(story), 160)
    roles = ("deployer (704560302692)", "data-pipeline (990935843807)", "prod-maintenance (647927485622)")
    assert all(f"assumed {role}" in shown for role in roles)
    assert all("refused" not in row for row in shown.splitlines() if "  routine: " in row)


def test_like_refusals_are_one_line(tmp_path: Path) -> None:
    aws = Account("111111111111")
    bob = aws.user("bob").signs()
    refused: dict[str, Any] = {"source": "sts.amazonaws.com", "name": "AssumeRole", "errorCode": "AccessDenied"}
    roles = [{"roleArn": f"arn:aws:iam::111111111111:role/r{number % 5}"} for number in range(13)]
    records = [call(bob, number * 60, requestParameters=role, **refused) for number, role in enumerate(roles)]
    quiet = [call(bob, 9000 + number * 3600, name=f"Tag{number % 3}") for number in range(60)]
    with case_of_records([*records, *quiet], tmp_path) as case:
        shown = lay_out(render_story(case.story(aws.user("bob").key)), None)
    assert "role/r3 and 1 more, 13 times, denied (AccessDenied)" in shown


def test_the_routine_of_the_owner_is_folded_and_the_intruder_is_shown(tmp_path: Path) -> None:
    aws = Account("111111111111")
    bob = aws.user("bob").signs()
    day = 24 * 3600
    routine = [
        call(bob, number * day + hour * 3600, name=name)
        for number in range(12)
        for hour, name in enumerate(("DescribeInstances", "CreateTags", "ListBuckets", "CreateTags", "GetUser"))
    ]
    theirs = {"sourceIPAddress": "203.0.113.99"}
    tags = [
        call(bob, 10 * day + second, name="PutBucketTagging", requestParameters={"bucketName": f"b{second}"}, **theirs)
        for second in range(200)
    ]
    created: dict[str, Any] = {"requestParameters": {"userName": "evil"}, **theirs}
    planted = call(bob, 10 * day + 300, source="iam.amazonaws.com", name="CreateUser", **created)
    with case_of_records([*routine, *tags, planted], tmp_path) as case:
        story = case.story(aws.user("bob").key)
        since = case.story(aws.user("bob").key, since=START + timedelta(days=10))
    shown = lay_out(render_story(replace(story, source=("--case", "c"))), 160)
    assert "PutBucketTagging" in shown and "200 times" in shown and "created user evil" in shown
    assert "routine: " in shown and len(shown.splitlines()) < 40
    assert f"forensics story {story.subject.id} --all --case c" in shown
    assert f"forensics story {story.subject.id} --since 2026-03-11T12:00:00Z --case c" in shown
    assert since.options == ("--since", "2026-03-11T12:00:00Z")


def test_a_flood_of_steps_does_not_hide_the_grave_one(tmp_path: Path) -> None:
    aws = Account("111111111111")
    bob = aws.user("bob").signs()
    flood = [call(bob, second, name=f"Put{second}") for second in range(300)]
    planted = call(bob, 9000, source="iam.amazonaws.com", name="CreateUser", requestParameters={"userName": "evil"})
    with case_of_records([*flood, planted], tmp_path) as case:
        story = case.story(aws.user("bob").key)
    shown = lay_out(render_story(story), 160)
    assert "created user evil" in shown
    assert sum(one.events for one in folded(story.steps, 40)) == 301


def test_a_step_says_to_whom_it_gives_access(tmp_path: Path) -> None:
    aws = Account("111111111111")
    bob = aws.user("bob").signs()
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::999988887777:root", "*"]}}]}
    shared = {"attributeType": "CREATE_VOLUME_PERMISSION", "snapshotId": "snap-1"}
    added = {"createVolumePermission": {"add": {"items": [{"userId": "999988887777"}]}}}
    removed = {"createVolumePermission": {"remove": {"items": [{"userId": "999988887777"}]}}}
    records = [
        call(bob, 0, source="s3.amazonaws.com", name="PutBucketPolicy",
             requestParameters={"bucketName": "data", "bucketPolicy": policy}),
        call(bob, 1, source="ec2.amazonaws.com", name="ModifySnapshotAttribute", requestParameters=shared | added),
        call(bob, 2, source="ec2.amazonaws.com", name="ModifySnapshotAttribute", requestParameters=shared | removed),
        call(bob, 3, source="lambda.amazonaws.com", name="AddPermission20150331v2",
             requestParameters={"functionName": "f", "principal": "evil\x1b[2J" + "x" * 20_000}),
    ]  # fmt: skip
    with case_of_records(records, tmp_path) as case:
        story = case.story(aws.user("bob").key)
    shown = lay_out(render_story(story), 160)
    assert "called PutBucketPolicy on arn:aws:s3:::data, access for account 999988887777, everybody" in shown
    assert shown.count("access for account 999988887777") == 2
    assert "\\x1b[2J" in shown and "\x1b" not in shown
    assert story.steps[-1].grantees and len(story.steps[-1].grantees[0]) > 20_000


def test_the_command_of_a_step_lists_its_events(sample_case: Path) -> None:
    """Of similar calls at one time, the command of a step lists those of other steps, too."""
    with Case.open(sample_case) as case:
        story = case.story(sample.LEAKED_KEY)
        more = 0
        assert all(len(step.event_ids) == min(step.events, 100) for step in story.steps)
        for step in story.steps[:: len(story.steps) // 8]:
            found = set(case.events(**_filters(step.command))["event_id"])
            assert found >= set(step.event_ids), step
            more += len(found) > step.events
    assert more <= 1
    whole = lay_out(render_whole_story(replace(story, source=("--case", "c"))), None)
    many = [step for step in story.steps if step.events > 1]
    assert whole.count("forensics events --since ") == len(many)
    assert all(step.event_ids[0] in whole for step in story.steps)


def _filters(command: Sequence[str]) -> EventFilter:
    """Return the options of `forensics events` as criteria."""
    found: dict[str, Any] = defaultdict(list)
    for option, value in zip(command[2::2], command[3::2], strict=True):
        found[option.removeprefix("--").replace("-", "_")].append(value)
    single = {"key", "session"}
    criteria = {name: texts[0] if name in single else texts for name, texts in found.items()}
    times = {name: datetime.fromisoformat(found[name][0]) for name in ("since", "until")}
    return cast("EventFilter", criteria | times)


def test_root_anonymous_and_unresolved_actors(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        story = case.story("192.0.2.91")
    actors = (
        StoryActor(ActorKind.ROOT, "704560302692", "root of 704560302692", Grade.PROVEN, 3),
        StoryActor(ActorKind.ANONYMOUS, None, "anonymous", Grade.PROVEN, 2),
        StoryActor(ActorKind.UNKNOWN, None, None, Grade.NONE, 1),
    )
    shown = lay_out(render_story(replace(story, actors=actors, actors_total=3)), 80)
    for row in ("3 events by root of 704560302692  proven", "2 events by anonymous ", "1 event by unresolved actors "):
        assert f"\n  {row}" in shown


def test_the_chosen_name_of_a_session_is_not_shown(sample_case: Path) -> None:
    """The intruder called a session bob.meyer, as somebody else is called. Only commands have its ARN."""
    with Case.open(sample_case) as case:
        lines = lay_out(render_whole_story(case.story(sample.DEEP_KEY)), 10_000).splitlines()
    shown = "\n".join(text for text in lines if not text.lstrip().startswith("forensics events "))
    assert "svc-deploy as prod-maintenance" in shown
    assert "bob.meyer" not in shown
