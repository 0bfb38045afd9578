"""The command of each containment step: what the AWS CLI knows, and what a shell makes of it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.answers.tree_answer import Action
from forensics.case import Case
from forensics.investigate.tree.session_means import means_of_session
from forensics.investigate.tree.step_commands import step_command
from forensics.investigate.tree.tree_rows import DerivedRow
from forensics.investigate.tree.user_names import PresentName
from forensics.output.lines import command_line, lay_out
from forensics.records.policy_document import revoked_before
from tests.investigate.made_rows import row_of
from tests.simulator import sample

ACCOUNT = "020104826920"
KEY = "AKIAQQAAABBBCCCDDD22"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:nightly"
SIGN_IN = f"arn:aws:signin:us-east-1:{ACCOUNT}:session/12345678-1234-1234-1234-123456789012"
USER_ID = "906769aa66-a2c9ba23-4158-4ca1-ae4a-e65a1ed7d4a0"
HOSTILE = [
    "'; rm -rf ~; '",
    "$(id)",
    "`id`",
    '"; id #',
    "a b",
    "-h",
    "--policy-name=x",
    "!!",
    "~root",
    "a\\",
    "%s",
    "1970-01-01T00:00:00Z'",
]
UNUSABLE = [
    "",
    "a\nid",
    "\x1b[31m",
    "a\u202eb",
    "a\u200bb",
    "file:///etc/passwd",
    "fileb://x",
    "http://192.0.2.1/",
    "***",
    "al*ce",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "AIDAQQAAABBBCCCDDD22",
    "x" * 257,
]
USER_ACTIONS = (Action.DENY_USER, Action.DISABLE_CONSOLE_LOGIN, Action.DELETE_CREATED_USER)


def every_command(name: str) -> Iterator[str]:
    """The commands of all actions on a user or role of this name."""
    found = [step_command(action, name, holder=name, account_id=ACCOUNT) for action in Action]
    found += [
        step_command(action, KEY, holder=name) for action in Action if "KEY" in action.name or "SERV" in action.name
    ]
    found += [
        step_command(Action.DENY_SIGN_IN_SESSION, SIGN_IN, holder=name),
        step_command(Action.DENY_IDENTITY_CENTER_USER, USER_ID, account_id=ACCOUNT),
        step_command(Action.DENY_BY_SCP, f"arn:aws:sts::{ACCOUNT}:federated-user/x", account_id=ACCOUNT),
        step_command(Action.REPLACE_WORKLOAD_CREDENTIALS, "nightly", arn=FUNCTION),
        step_command(Action.REVOKE_ROLE_SESSIONS, name, arn=f"arn:aws-cn:iam::{ACCOUNT}:role/{name}"),
    ]
    yield from (one.command for one in found if one.command)


def parsed(command: str) -> tuple[str, str, dict[str, str]]:
    """The service, the operation, and the options with their values."""
    aws, service, operation, *words = shlex.split(command)
    assert aws == "aws"
    options: dict[str, str] = {}
    while words:
        option, equals, value = words.pop(0).partition("=")
        assert re.fullmatch(r"--[a-z-]+", option)
        options[option] = value if equals else words.pop(0)
    return service, operation, options


def camel_case(text: str) -> str:
    return "".join(part.capitalize() for part in text.removeprefix("--").split("-"))


def assert_known_to_the_cli(command: str) -> None:
    service, operation, options = parsed(command)
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(camel_case(operation)).input_shape
    given_ = {camel_case(option) for option in options if option != "--region"}
    assert given_ <= set(shape.members)
    assert set(shape.required_members) <= given_
    for option, value in options.items():
        if option != "--region" and (enum := getattr(shape.members[camel_case(option)], "enum", None)):
            assert value in enum


@pytest.mark.parametrize("name", ["alice", *HOSTILE])
def test_each_command_is_one_that_the_aws_cli_knows(name: str) -> None:
    commands = list(every_command(name))
    assert len(commands) >= 12
    for command in commands:
        assert_known_to_the_cli(command)


def test_each_command_of_the_sample_is_known(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        steps = [step for key in (sample.LEAKED_KEY, sample.STOLEN_WORKLOAD_KEY) for step in case.tree(key).containment]
    assert sum(step.command is not None for step in steps) >= 6
    for step in steps:
        assert step.command or step.command_note or step.action in (Action.WAIT_UNTIL, Action.NOT_POSSIBLE)
        if step.command:
            assert_known_to_the_cli(step.command)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shell_gives_back_the_name(name: str) -> None:
    for action in (*USER_ACTIONS, Action.REVOKE_ROLE_SESSIONS):
        command = step_command(action, name).command
        assert command is not None
        _, _, options = parsed(command)
        assert name in options.values()
        printed = subprocess.run(
            ["sh", "-c", f"aws() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True, check=True, text=True
        ).stdout
        words = printed.split("\0")[2:-1]
        assert name in (word.split("=", 1)[1] if word.startswith("--") and "=" in word else word for word in words)
        assert len(words) == len(shlex.split(command)) - 3


@given(st.text(max_size=60))
def test_any_text_is_one_word_or_makes_no_command(name: str) -> None:
    for command in every_command(name):
        values = list(parsed(command)[2].values())
        if "put-user-policy" in command or "delete-user" in command:
            assert name in values


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unknown_masked_or_unreadable_name_makes_no_command(name: str) -> None:
    for action in USER_ACTIONS:
        made = step_command(action, name)
        assert made.command is None
        assert made.note is not None
        assert "--user-name" in made.note
    for action in (Action.DEACTIVATE_ACCESS_KEY, Action.DEACTIVATE_SERVICE_CREDENTIAL):
        assert step_command(action, KEY, holder=name).command is None
    if name != "AIDAQQAAABBBCCCDDD22":
        assert step_command(Action.REVOKE_ROLE_SESSIONS, name).command is None


@pytest.mark.parametrize("key", ["", "AKIA****************", "AKIAXXXXXXXXXXXXXXXX", "$(id)"])
def test_a_masked_key_makes_no_command(key: str) -> None:
    made = step_command(Action.DEACTIVATE_ACCESS_KEY, key, holder="alice")
    assert made.command is None
    assert "fill in the ID of the key" in (made.note or "")


def test_a_name_that_another_user_has_by_now_makes_no_command() -> None:
    assert step_command(Action.DENY_USER, "alice", is_certain=False).command is None


def test_a_revocation_denies_what_was_issued_until_the_command_runs() -> None:
    command = step_command(Action.REVOKE_ROLE_SESSIONS, "deployer").command
    assert command is not None
    printed = subprocess.run(
        ["sh", "-c", command.replace("aws iam", "printf '%s\\n'", 1)], capture_output=True, check=True, text=True
    ).stdout
    (document,) = [one for one in printed.splitlines() if one.startswith("{")]
    assert revoked_before(document) is not None
    assert "1970" not in document


def test_policies_deny_everything_under_their_condition() -> None:
    for command in every_command("alice"):
        for text in parsed(command)[2].values():
            if text.startswith("{"):
                (statement,) = policy(text)["Statement"]
                assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", ["*"], ["*"])


def policy(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)
    return found


def test_another_partition_needs_a_region() -> None:
    in_china = step_command(Action.DENY_USER, "alice", arn=f"arn:aws-cn:iam::{ACCOUNT}:user/alice").command
    assert parsed(in_china or "")[2]["--region"] == "cn-north-1"
    assert "--region" not in parsed(step_command(Action.DENY_USER, "alice").command or "")[2]
    stopped = step_command(Action.REPLACE_WORKLOAD_CREDENTIALS, "nightly", arn=FUNCTION).command
    assert parsed(stopped or "")[2]["--region"] == "eu-west-1"


def test_a_federated_session_of_root_is_denied_by_its_own_arn() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/helper"
    session = row_of(
        DerivedRow, account_id=ACCOUNT, identity_type="FederatedUser", arn=arn,
        session_issuer_arn=f"arn:aws:iam::{ACCOUNT}:root", is_for_bucket=False,
    )  # fmt: skip
    means = means_of_session(session, PresentName(""))
    assert means.action == Action.DENY_BY_SCP
    assert arn in (means.command.command or "")
    assert ACCOUNT in (means.command.note or "")


@pytest.mark.parametrize(
    "steps",
    [
        [(Action.DENY_SIGN_IN_SESSION, SIGN_IN, ACCOUNT), (Action.DENY_SIGN_IN_SESSION, f"{SIGN_IN[:-1]}3", ACCOUNT)],
        [(Action.DENY_IDENTITY_CENTER_USER, USER_ID, account) for account in (ACCOUNT, "111111111111")],
        [
            (Action.DENY_BY_SCP, name, account)
            for account in (ACCOUNT, "111111111111")
            for name in (account, *(f"arn:aws:sts::{account}:federated-user/{user}" for user in ("a", "b", "c" * 200)))
        ],
    ],
)
def test_two_steps_have_two_policies(steps: list[tuple[Action, str, str]]) -> None:
    names = []
    for action, name, account in steps:
        options = parsed(step_command(action, name, holder="r", account_id=account).command or "")[2]
        names.append(options.get("--name") or options["--policy-name"])
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w+=,.@-]{1,128}", name) for name in names)


@pytest.mark.parametrize("width", [20, 40, 80, 160, None])
@pytest.mark.parametrize("name", ["alice", *HOSTILE])
def test_a_shown_command_can_be_pasted_at_any_width(name: str, width: int | None) -> None:
    for command in every_command(name):
        shown = lay_out([command_line(command, indent=6)], width)
        assert shlex.split(shown.replace("\\\n", " ")) == shlex.split(command)
        rows = shown.splitlines()
        assert all(row.endswith(" \\") for row in rows[:-1])
        assert not rows[-1].endswith(" \\")
