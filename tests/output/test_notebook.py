"""Answers in a notebook: the text of the terminal, as inert HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from forensics.answers.core import Displayed
from forensics.case import Case
from forensics.output.notebook import as_html
from tests.cases import case_of_records
from tests.hostile.corpus import CHILD_KEY, records
from tests.simulator import sample

ATTACK = "</pre></svg><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x1b[31m"


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def answers(case: Case, key: str) -> list[Displayed]:
    return [case.who(key), case.key(key), case.tree(key), case.info(), case.coverage()]


def shown(answer: Displayed) -> Text:
    parser = Text()
    parser.feed(as_html(answer))
    return parser


def test_every_answer_is_displayed(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        found = [shown(answer) for answer in answers(case, sample.DEEP_KEY)]
    assert all(sample.DEEP_KEY in one.text for one in found[:3])
    assert "svg" in found[2].tags and "Containment steps, in this order" in found[2].text
    assert all("pre" in one.tags for one in found)


def test_what_an_attacker_wrote_is_text(tmp_path: Path) -> None:
    with case_of_records(records(ATTACK), tmp_path) as case:
        for answer in answers(case, CHILD_KEY):
            found = shown(answer)
            assert found.tags <= {
                "pre",
                "span",
                "svg",
                "style",
                "g",
                "title",
                "rect",
                "circle",
                "text",
                "tspan",
                "path",
            }
            assert "\u202e" not in found.text and "\x1b" not in found.text


def test_it_does_not_fold_an_identifier(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        text = shown(case.who(sample.DEEP_KEY)).text
    assert max(len(line) for line in text.splitlines()) <= 110
    assert "arn:aws:iam::704560302692:user/service-accounts/svc-deploy" in text
