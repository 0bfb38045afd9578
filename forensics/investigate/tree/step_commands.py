"""Step commands: the `aws` command of each containment step, for a POSIX shell.

The names and IDs in a command come from logs, which an attacker can write. Each value is one quoted word of the shell
and one argument of the AWS CLI, or there is no command: a value that is unknown, masked or invisible, or that the AWS
CLI would read as the name of a file, is left to the reader. docs/attribution.md#containment-commands explains each
command.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from forensics.answers.tree_answer import Action
from forensics.identifiers import ACCOUNT, unmasked_id, unmasked_key, unmasked_name

_LONGEST = 256
# the longest name of a policy, of IAM and of Organizations
_LONGEST_POLICY_NAME = 128
# the AWS CLI replaces such a value by the content of the file or page
_READ_BY_THE_CLI = ("file://", "fileb://", "http://", "https://")
_PRINCIPAL_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}|\d{12}")
_IDENTITY_STORE_USER = re.compile(r"([0-9a-f]{10}-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIGN_IN_SESSION = re.compile(r"arn:aws[a-z-]*:signin:[a-z0-9-]+:\d{12}:session/[A-Za-z0-9-]+")
_FEDERATED_USER = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:federated-user/[\w+=,.@-]+", re.ASCII)
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]+")
# IAM and Organizations have one endpoint in each partition; that of `aws` needs no region
_REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_NOW = "1970-01-01T00:00:00Z"
"""Stands for the time at which the command runs."""
_NOW_IN_SHELL = "'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'"
_BEFORE_NOW = {"DateLessThan": {"aws:TokenIssueTime": _NOW}}

_OF_USER = {
    Action.DENY_USER: "put-user-policy",
    Action.DISABLE_CONSOLE_LOGIN: "delete-login-profile",
    Action.DELETE_CREATED_USER: "delete-user",
}
_FILL_IN_USER = (
    "the logs do not show the current name of the user; `aws iam list-users` shows it. Fill in --user-name: "
)
_FILL_IN_ROLE = "the logs do not show the name of the role; fill it in"
_PRIOR_POLICY = (
    "fill in the trust policy of {}, the last one that no credential of this tree set; check first who set it and whom"
    " it trusts"
)
_NO_PRIOR_POLICY = (
    "no loaded event shows a trust policy that was set outside this tree: fill in one that trusts only those who need"
    " the role"
)
_ATTACH = "run it in the management account; then attach the policy: `aws organizations attach-policy --target-id {}"
_ATTACH += " --policy-id` and the ID that this command prints"


@dataclass(frozen=True, slots=True)
class StepCommand:
    """The command of a step, or None. `note`: what to fill in by hand, or what to do after the command."""

    command: str | None = None
    note: str | None = None


def step_command(
    action: Action,
    name: str,
    *,
    holder: str | None = None,
    account_id: str | None = None,
    arn: str | None = None,
    is_certain: bool = True,
    setting: str | None = None,
) -> StepCommand:
    """Return the command of a step.

    Args:
        action: what the step does.
        name: the user, role, key, sign-in session, function or other thing that the step ends.
        holder: the user of a key, or the role of a sign-in session; None if it is unknown.
        account_id: the account that a service control policy is for.
        arn: an ARN of the account, which names its partition, or that of a workload.
        is_certain: whether a user still has this name.
        setting: the event that set the trust policy to restore; None if no loaded event did.
    """
    partition = (arn or "").split(":")[1] if (arn or "").startswith("arn:") else "aws"
    match action:
        case Action.DEACTIVATE_ACCESS_KEY:
            return _of_key("update-access-key", "--access-key-id", name, holder, partition)
        case Action.DEACTIVATE_SERVICE_CREDENTIAL:
            id_option = "--service-specific-credential-id"
            return _of_key("update-service-specific-credential", id_option, name, holder, partition)
        case Action.DENY_USER | Action.DISABLE_CONSOLE_LOGIN | Action.DELETE_CREATED_USER:
            return _of_user(action, name if is_certain else None, partition)
        case Action.REVOKE_ROLE_SESSIONS:
            return _of_role(name, "AWSRevokeOlderSessions", _BEFORE_NOW, partition)
        case Action.DENY_SIGN_IN_SESSION:
            if not _SIGN_IN_SESSION.fullmatch(name):
                return StepCommand(note="the sign-in session is masked; fill in its ARN in a policy on its role")
            policy = f"DenySignInSession-{name.rpartition('/')[2]}"[:_LONGEST_POLICY_NAME]
            return _of_role(holder, policy, {"StringEquals": {"aws:SignInSessionArn": name}}, partition)
        case Action.DENY_IDENTITY_CENTER_USER:
            return _of_identity_center_user(name, account_id, partition)
        case Action.DENY_BY_SCP:
            return _of_root(name, account_id, partition)
        case Action.RESTORE_TRUST_POLICY:
            role = f" --role-name {shlex.quote(name)}" if _is_name(name) else ""
            wanted = _PRIOR_POLICY.format(setting) if setting else _NO_PRIOR_POLICY
            return StepCommand(note=f"{wanted}: `aws iam update-assume-role-policy{role} --policy-document`")
        case Action.DENY_ROLE:
            return _of_role(name, "DenyEverything", {}, partition)
        case Action.DELETE_CREATED_ROLE:
            if not _is_name_not_id(name):
                return StepCommand(note=f"{_FILL_IN_ROLE}: `aws iam delete-role`")
            return _iam("delete-role", partition, {"--role-name": name})
        case Action.REPLACE_WORKLOAD_CREDENTIALS:
            return _of_workload(name, arn)
        case _:
            return StepCommand()


def _of_key(operation: str, id_option: str, key: str, user: str | None, partition: str) -> StepCommand:
    if unmasked_key(key) is None:
        return StepCommand(note=f"fill in the ID of the key and its user: `aws iam {operation}`")
    if user is None or not _is_name_not_id(user):
        return StepCommand(note=f"{_FILL_IN_USER}`aws iam {operation} {id_option} {key} --status Inactive`")
    return _iam(operation, partition, {"--user-name": user, id_option: key, "--status": "Inactive"})


def _of_user(action: Action, user: str | None, partition: str) -> StepCommand:
    operation = _OF_USER[action]
    if user is None or not _is_name_not_id(user):
        return StepCommand(note=f"{_FILL_IN_USER}`aws iam {operation}`")
    if action != Action.DENY_USER:
        return _iam(operation, partition, {"--user-name": user})
    return _iam(operation, partition, {"--user-name": user, "--policy-name": "DenyEverything"}, _policy({}))


def _of_role(role: str | None, policy: str, condition: Mapping[str, object], partition: str) -> StepCommand:
    if role is None or not _is_name_not_id(role):
        return StepCommand(note=f"{_FILL_IN_ROLE}: `aws iam put-role-policy`")
    return _iam("put-role-policy", partition, {"--role-name": role, "--policy-name": policy}, _policy(condition))


def _of_identity_center_user(user_id: str, account_id: str | None, partition: str) -> StepCommand:
    if not _IDENTITY_STORE_USER.fullmatch(user_id):
        return StepCommand(
            note="the logs do not show the ID of the user; `aws identitystore list-users` shows it. Deny it as"
            " identitystore:UserId in a service control policy: `aws organizations create-policy`"
        )
    condition = {"StringEquals": {"identitystore:UserId": user_id}, **_BEFORE_NOW}
    return _by_scp(f"DenySessionsOf-{user_id}", "Deny the sessions of one user", condition, account_id, partition)


def _of_root(name: str, account_id: str | None, partition: str) -> StepCommand:
    """Return the command on root, or on a federated user (an ARN) that root requested."""
    if _FEDERATED_USER.fullmatch(name):
        policy, description = f"DenyFederatedUser-{name.rpartition('/')[2]}", "Deny everything to one federated user"
        return _by_scp(policy, description, {"StringLike": {"aws:PrincipalArn": name}}, account_id, partition)
    condition = {"StringLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}}
    return _by_scp("DenyRootUser", "Deny everything to the root user", condition, account_id, partition)


def _by_scp(
    policy: str, description: str, condition: Mapping[str, object], account_id: str | None, partition: str
) -> StepCommand:
    """Return the command of a service control policy. Its name, which an organization has once, ends in the account."""
    known = account_id if account_id and ACCOUNT.fullmatch(account_id) else "ACCOUNT"
    name = f"{policy[: _LONGEST_POLICY_NAME - len(known) - 1]}-{known}"
    arguments = {"--type": "SERVICE_CONTROL_POLICY", "--name": name, "--description": description}
    content = ("--content", _policy(condition))
    command = _command("organizations", "create-policy", _REGIONS.get(partition), arguments, content)
    return StepCommand(command, _ATTACH.format(known))


def _of_workload(name: str, arn: str | None) -> StepCommand:
    if arn and (function := _FUNCTION.fullmatch(arn)):
        arguments = {"--function-name": arn, "--reserved-concurrent-executions": "0"}
        command = _command("lambda", "put-function-concurrency", function[1], arguments)
        return StepCommand(command, "the function stops until you delete this limit")
    if re.fullmatch(r"i-[0-9a-f]+", name):
        return StepCommand(
            note="fill in a security group without rules, and the region:"
            f" `aws ec2 modify-instance-attribute --instance-id {name} --groups`"
        )
    return StepCommand(note="isolate the workload in its service; no command fits every workload")


def _iam(operation: str, partition: str, arguments: Mapping[str, str], document: str | None = None) -> StepCommand:
    policy = ("--policy-document", document) if document else None
    return StepCommand(_command("iam", operation, _REGIONS.get(partition), arguments, policy))


def _command(
    service: str,
    operation: str,
    region: str | None,
    arguments: Mapping[str, str],
    policy: tuple[str, str] | None = None,
) -> str:
    """Return a command. `policy`: an option and its policy, in which the shell fills in the time."""
    words = ["aws", service, operation, *(word for one in arguments.items() for word in _quoted(*one))]
    if policy:
        words += [policy[0], shlex.quote(policy[1]).replace(_NOW, _NOW_IN_SHELL)]
    return " ".join([*words, *(("--region", region) if region else ())])


def _quoted(option: str, value: str) -> tuple[str, ...]:
    """Return an option with its value as words of a shell; the CLI reads a value with a dash before it as an option."""
    return (shlex.quote(f"{option}={value}"),) if value.startswith("-") else (option, shlex.quote(value))


def _policy(condition: Mapping[str, object]) -> str:
    """Return a policy that denies everything under a condition. Its values are constants or were checked."""
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        **({"Condition": condition} if condition else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _is_name_not_id(name: str) -> bool:
    """Return whether a text is the name of a user or role that a command can contain, and not its ID."""
    return _is_name(name) and not _PRINCIPAL_ID.fullmatch(name)


def _is_name(text: str) -> bool:
    """Return whether a text is a name that a command can contain."""
    is_known = unmasked_name(text) is not None and unmasked_id(text) is not None
    return is_known and len(text) <= _LONGEST and text.isprintable() and not text.startswith(_READ_BY_THE_CLI)
