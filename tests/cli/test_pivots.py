"""The commands `address`, `user`, `role` and `resource`: exit codes, JSON, and commands with the named case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import run


@pytest.mark.parametrize(
    ("command", "subject"),
    [("address", "192.0.2.44"), ("user", "svc-deploy"), ("role", "deployer"), ("resource", "svc-metrics")],
)
def test_a_page_as_json(sample_case: Path, command: str, subject: str) -> None:
    done = run(command, subject, "--case", sample_case, "--format", "json")
    page = json.loads(done.out)
    assert (done.code, page["subject"]["type"], page["in_logs"], page["matches"]) == (0, command, True, [])
    assert page["activity"]["events"] == sum(one["succeeded"] + one["denied"] + one["failed"] for one in page["actors"])
    assert all(one["event_ids"] for one in page["actors"])
    assert all(one[-2:] == ["--case", str(sample_case)] for one in page["commands"])


@pytest.mark.parametrize("command", ["who", "story", "user", "role", "resource", "address"])
def test_a_name_that_nothing_has_is_a_usage_error(sample_case: Path, command: str) -> None:
    done = run(command, "svc-depoly", "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert command == "address" or "similar: svc-deploy" in done.complaint


@pytest.mark.parametrize("subject", ["192.0.2.250", "arn:aws:iam::704560302692:user/nobody"])
def test_an_address_or_arn_that_is_not_in_the_logs_is_an_answer(sample_case: Path, subject: str) -> None:
    for command in ("who", "story", "address" if subject.startswith("192") else "user"):
        done = run(command, subject, "--case", sample_case)
        assert (done.code, done.err) == (0, "")
        assert "not found in the loaded logs" in done.out or "no loaded event" in done.out


def test_several_matches_are_an_answer(sample_case: Path) -> None:
    done = run("resource", "web", "--case", sample_case, width=160)
    assert (done.code, done.err) == (0, "")
    assert "10 resources; query one of them" in done.out
    assert (
        f"forensics resource web --service ecs --account 363207335095 --region eu-west-1 --case {sample_case}"
        in done.out
    )
    one = run("resource", "web", "--account", "704560302692", "--case", sample_case)
    assert "used " in one.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("address", "alice"),
        ("user", "AKIA2ICYRBJSCUQBO6WH"),
        ("role", "AKIA2ICYRBJSCUQBO6WH"),
        ("role", "deployer", "--since", "2026-10-05", "--until", "2026-10-04"),
        ("user", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("resource", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ],
)
def test_wrong_subjects_are_usage_errors(sample_case: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert "wJalr" not in done.err
    assert done.complaint.startswith("forensics: ")


def test_who_lists_several_subjects_with_the_named_case(sample_case: Path) -> None:
    done = run("who", "bob.meyer", "--case", sample_case, width=160)
    assert done.code == 0
    assert f"forensics who AIDA2ICYRBJSAOSPDVP7N --case {sample_case}" in done.out
