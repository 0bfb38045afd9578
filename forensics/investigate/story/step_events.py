"""Step events: the command that lists the events of a step."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from forensics.answers.canonical import timestamp
from forensics.answers.story_answer import StoryStep
from forensics.investigate.case.event_filter import literal


def with_command(step: StoryStep) -> StoryStep:
    """Return the step with the command that lists its events."""
    return replace(step, command=("forensics", "events", *_criteria(step)))


def _criteria(step: StoryStep) -> list[str]:
    words = ["--since", timestamp(step.first_event_time)]
    words += ["--until", timestamp(step.last_event_time + timedelta(seconds=1))]
    if not step.is_by_service and step.access_key_id:
        words += ["--key", step.access_key_id]
    elif step.arn or step.principal_id:
        words += ["--session", step.arn or step.principal_id or ""]
    if step.event_names_total == len(step.event_names):
        words += [word for name in step.event_names for word in ("--name", literal(name))]
    if step.services == 1 and step.event_source:
        words += ["--service", literal(step.event_source)]
    outcomes = (("succeeded", step.succeeded), ("denied", step.denied), ("failed", step.failed))
    words += [word for outcome, number in outcomes if number for word in ("--outcome", outcome)]
    if step.source_ip_address and not step.is_by_service:
        words += ["--address", step.source_ip_address]
    if step.error_code and not step.is_reading:
        words += ["--match", f"error_code=^{re.escape(step.error_code)}$"]
    if step.resources and step.resources_total == len(step.resources):
        words += [word for one in step.resources for word in ("--resource", literal(one))]
    return words
