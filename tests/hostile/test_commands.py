"""Containment commands with what an attacker put into the logs: each value is one word, or there is no command."""

from __future__ import annotations

import shlex
import unicodedata
from pathlib import Path

from forensics.answers.tree_answer import Action
from forensics.output.lines import command_line, lay_out
from forensics.output.report import report_page
from tests.cases import case_of_records
from tests.hostile.corpus import ATTACKS, records

HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
KEYS = [f"AKIAZNW342S3UUUUUU{number:02}" for number in range(len(ATTACKS))]


def test_no_name_in_a_log_leaves_its_place_in_a_command(tmp_path: Path) -> None:
    world = [
        record
        for number, (attack, key) in enumerate(zip(ATTACKS, KEYS, strict=True))
        for record in records(attack, parent_key=key, child_key=f"ASIAZNW342S3SSSSSS{number:02}", second=number)
    ]
    made = 0
    with case_of_records(world, tmp_path) as case:
        for attack, key in zip(ATTACKS, KEYS, strict=True):
            steps = case.tree(key).containment
            assert Action.DEACTIVATE_ACCESS_KEY in {step.action for step in steps}
            for step in steps:
                assert step.command or step.command_note or step.action in (Action.WAIT_UNTIL, Action.NOT_POSSIBLE)
                if not step.command:
                    continue
                made += 1
                assert not {c for c in step.command if unicodedata.category(c) in HARMFUL}
                words = shlex.split(step.command)
                assert words[0] == "aws"
                assert not [word for word in words if word.startswith(("file://", "fileb://", "http"))]
                if step.action == Action.DEACTIVATE_ACCESS_KEY:
                    name = (
                        words[words.index("--user-name") + 1] if "--user-name" in words else words[3].split("=", 1)[1]
                    )
                    assert attack[:200].endswith(name)
                shown = lay_out([command_line(step.command, indent=4)], 80)
                assert shlex.split(shown.replace("\\\n", " ")) == words
        page = report_page(case.report(KEYS[0]))
    assert made >= len(ATTACKS)
    assert not any(attack in page for attack in ATTACKS if "<" in attack)
