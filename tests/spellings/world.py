"""World: 200 records of a simulated organization, and the access keys that they name.

Users and roles assume roles in chains, people sign in by SAML, Identity Center, federation and the console, workloads
and GitHub get sessions, and an intruder creates a user with a key and a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from itertools import cycle
from random import Random
from typing import Any

from tests.simulator import issuers, scenario
from tests.simulator.stage import Activity, set_stage

Json = dict[str, Any]

SIZE = 200
_ACTIVITIES: tuple[Activity, ...] = (
    scenario.role_chain,
    scenario.persistence,
    scenario.services_alone,
    issuers.federation_token,
    scenario.session_token,
    scenario.saml_sign_in,
    scenario.same_second_two_callers,
    scenario.github_workflow,
    issuers.portal_command_line,
    scenario.console,
    scenario.role_chain,
    scenario.instance,
    issuers.aws_login,
    scenario.function,
    issuers.key_life,
    scenario.root,
    scenario.role_chain,
    scenario.work_with_key,
)

# the blocks of a record that hold access keys
IDENTITY, REQUEST, RESPONSE = "userIdentity", "requestParameters", "responseElements"
BLOCKS = (IDENTITY, REQUEST, RESPONSE)


@cache
def records(seed: str) -> tuple[Json, ...]:
    """Return the records of a world in order of time. Worlds share no account and no key.

    The records are shared, so no spelling changes them.
    """
    stage = set_stage(Random(f"spellings of {seed}"), SIZE)
    for number, activity in enumerate(cycle(_ACTIVITIES)):
        if number >= len(_ACTIVITIES) and len(stage.cloud.events) >= SIZE:
            break
        activity(stage, stage.start + timedelta(minutes=10 * number))
    events = sorted(stage.cloud.events, key=lambda event: (event.time, event.id))
    return tuple(event.record for event in events[:SIZE])


def key_ids(record: Json, blocks: Iterable[str] = BLOCKS) -> Iterator[str]:
    """Yield the access keys in the identity fields of some blocks of a record."""
    for block in blocks:
        value = record.get(block) or {}
        credentials = [value.get("credentials"), value.get("accessKey")] if block == RESPONSE else []
        for holder in (value, *credentials):
            key_id = holder.get("accessKeyId") if isinstance(holder, dict) else None
            if isinstance(key_id, str) and key_id.startswith(("AKIA", "ASIA")):
                yield key_id
