"""Screens of `who`, `tree` and `verify` without digests, with digests, and with a forged file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from forensics.case import Case
from forensics.output.lines import lay_out
from forensics.output.tree_text import render_tree
from forensics.output.verify_text import render_verification
from forensics.output.who_text import render_who
from tests.digests.delivered import ALICE, GENUINE, KEY, PLANTED, USED, case_of
from tests.output.golden import same_as_golden
from tests.simulator.digests import signer

FILES = {
    "without": (list(GENUINE.logs), ()),
    "with": (list(GENUINE.logs), GENUINE.digests),
    "forged": ([PLANTED, USED[1]], GENUINE.digests),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    made = {name: case_of(tmp_path_factory.mktemp(name), *files) for name, files in FILES.items()}
    yield made
    for case in made.values():
        case.close_connection()


@pytest.mark.parametrize("name", FILES)
def test_who(name: str, cases: dict[str, Case]) -> None:
    same_as_golden(f"digests_{name}_who", shown(lay_out(render_who(cases[name].who(KEY)), 120)))


@pytest.mark.parametrize("name", FILES)
def test_tree(name: str, cases: dict[str, Case]) -> None:
    same_as_golden(f"digests_{name}_tree", shown(lay_out(render_tree(cases[name].tree(ALICE.key)), 120)))


@pytest.mark.parametrize("name", FILES)
def test_verify(name: str, cases: dict[str, Case]) -> None:
    answer = replace(cases[name].verify(), integrity=None)
    text = lay_out(render_verification(answer), 120)
    same_as_golden(f"digests_{name}_verify", shown(text.partition("\n")[2]))


def shown(text: str) -> str:
    """Replace what differs in each run: the key pair, and the hashes of the case."""
    return re.sub(r"\b[0-9a-f]{64}\b", "(SHA-256)", text.replace(signer().fingerprint, "(fingerprint)"))
