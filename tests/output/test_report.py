"""The report: in a real browser, and as a file that is safe to open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from forensics.answers.core import Grade, Subject
from forensics.answers.report_answer import Report
from forensics.answers.tree_answer import Node, NodeKind, Relation, State, Tree
from forensics.case import Case
from forensics.identifiers import SubjectType
from forensics.output.report import report_page
from forensics.output.report.finding import cited_events, finding
from forensics.output.report.lineage import lineage
from tests.attribution.records import Account, assume_role, call
from tests.cases import case_of_records
from tests.hostile.corpus import CHILD_KEY, records
from tests.output.answers import ANSWERS, NOON
from tests.output.browser import Browser, browser
from tests.simulator import sample

ATTACK = (
    "</script><script>window.hacked=1;fetch('http://192.0.2.1/')</script><!--<img src=x onerror='window.hacked=1'>"
    '\u2028\u202e\x1b[31m{{7*7}}{% raw %}" onmouseover="window.hacked=1\' autofocus'
)
TOOLS = "document.querySelector('#event-table').parentElement.previousElementSibling"
LEAKED, DEEP = sample.LEAKED_KEY, sample.DEEP_KEY


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def reports(sample_case: Path) -> dict[str, Report]:
    with Case.open(sample_case) as case:
        return {key: case.report(key) for key in (LEAKED, DEEP, sample.STOLEN_WORKLOAD_KEY, "AKIAQQQQQQQQQQQQQQQQ")}


@pytest.fixture(scope="module")
def pages(reports: dict[str, Report], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    for key, report in reports.items():
        (folder / f"{key}.html").write_text(report_page(report), encoding="utf-8")
    return {key: folder / f"{key}.html" for key in reports}


# in the browser


def test_nothing_is_requested_and_nothing_complains(opened: Browser, pages: dict[str, Path]) -> None:
    for page in pages.values():
        opened.open(page)
        assert opened.one("h1").text in page.name
        assert (opened.requests(), opened.complaints()) == ([], [])


def test_the_finding_names_who_and_says_how_sure(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[DEEP])
    who, done = (sentence.text for sentence in opened.all(".finding"))
    assert "requested by svc-deploy, IAM user of account" in who and "proven" in who and "3 hops" in who
    cited = [button.get_attribute("data-events") for button in opened.all(".evidence button")]
    assert cited[0] == "237177ec-96c4-44db-9998-0500a3791ad0" and len(cited) == 5
    assert "derived from it (1 session, 2 access keys, 1 user, 1 console password and 1 trust policy)" in done
    assert "131 calls" in done
    assert "and 2 access keys, 1 user, 1 console password and 1 trust policy may still be used" in done
    opened.open(pages[sample.STOLEN_WORKLOAD_KEY])
    assert "also used from elsewhere" in opened.one(".finding").text


def test_events_are_paged_sorted_and_filtered(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[LEAKED])
    assert len(opened.all("#event-table tbody tr")) == 25
    first = column(opened, 1)[0]
    button(opened, "next").click()
    assert column(opened, 1)[0] > first
    heads = opened.all("#event-table th button")
    heads[1].click()
    names = column(opened, 2)
    assert names == sorted(names) and names[0].startswith("A")
    heads[1].click()
    assert column(opened, 2) == sorted(column(opened, 2), reverse=True) and column(opened, 2)[0] > names[-1]
    box = opened.one("input[aria-label='filter events']")
    box.send_keys("getsecretvalue prod")
    assert set(column(opened, 2)) == {"GetSecretValue"} and len(column(opened, 2)) == 2
    assert "filtered from 487" in status(opened)
    box.send_keys(Keys.CONTROL, "a", Keys.DELETE)
    box.send_keys("no such call")
    assert column(opened, 2) == [] and status(opened).startswith("0 to 0 of 0")
    assert opened.complaints() == []


def test_an_address_leads_to_its_events(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[LEAKED])
    (address,) = (one for one in opened.all("table[aria-label=addresses] button.find") if one.text == "192.0.2.44")
    opened.run("arguments[0].click()", address)
    assert set(column(opened, 5)) == {"192.0.2.44"} and status(opened).startswith("1 to 25 of 167,")
    (bucket,) = (b for b in opened.all("table[aria-label=resources] button.find") if "customer-exports-5622" in b.text)
    opened.run("arguments[0].click()", bucket)
    assert all("acme-customer-exports-5622" in resource for resource in column(opened, 6)) and column(opened, 6)
    opened.one("input[aria-label='filter events']").send_keys("x", Keys.BACKSPACE)
    assert status(opened) == "1 to 25 of 487"


def test_the_policy_stops_what_the_page_does_not_hold(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[DEEP])
    opened.run(
        """
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.head.append(script);
        const image = new Image();
        image.src = "http://192.0.2.1/x.png";
        document.body.append(image);
        """
    )
    assert opened.run("return window.hacked") is None
    complaints = opened.complaints()
    assert len(complaints) >= 2 and all("Content Security Policy" in complaint for complaint in complaints)


def test_a_table_of_the_page_is_sorted_by_numbers(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[LEAKED])
    (head,) = (h for h in opened.all("table[aria-label=services] th button") if h.text == "ok")
    head.click()
    counts = [int(cell.text.replace(",", "")) for cell in opened.all("table[aria-label=services] td:nth-child(2)")]
    assert counts == sorted(counts) and counts[-1] > 99


def test_a_record_is_one_click_away(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[DEEP])
    opened.run("arguments[0].click()", opened.one("table[aria-label='chain of requests'] button.event"))
    assert opened.one("dialog").is_displayed()
    assert opened.one("#record-title").text.startswith("AssumeRole")
    (shown, *_) = (json.loads(text.text) for text in opened.all("dialog pre"))
    assert shown["eventName"] == "AssumeRole" and shown["responseElements"]["credentials"]["accessKeyId"] == DEEP
    assert shown["eventID"] in opened.one("dialog h3").text
    assert ".json" in opened.one("dialog p.long").text
    opened.one("dialog button").click()
    assert not opened.one("dialog").is_displayed()


def test_a_row_of_the_lineage_opens_its_proof_by_keyboard(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[DEEP])
    opened.run("document.querySelector('.lineage [data-events]').focus()")
    opened.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert opened.one("dialog").is_displayed()
    assert "AssumeRole" in opened.one("#record-title").text


def test_light_and_dark(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[DEEP])
    before = opened.one("body").value_of_css_property("background-color")
    opened.one("#theme").click()
    assert opened.one("body").value_of_css_property("background-color") != before
    opened.one("#theme").click()
    assert opened.one("body").value_of_css_property("background-color") == before


def test_it_fits_a_narrow_window(opened: Browser, pages: dict[str, Path]) -> None:
    opened.open(pages[LEAKED])
    opened.driver.set_window_size(520, 900)
    try:
        assert opened.run("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        opened.driver.set_window_size(1280, 900)


def test_what_an_attacker_wrote_is_text(opened: Browser, tmp_path: Path) -> None:
    with case_of_records(records(ATTACK), tmp_path) as case:
        page = report_page(case.report(CHILD_KEY))
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    opened.open(file)
    for shown in opened.all("button.event")[:6]:
        opened.run("arguments[0].click()", shown)
        assert "window.hacked=1" in opened.one("dialog pre").text
        opened.run("document.querySelector('dialog').close()")
    assert opened.run("return window.hacked") is None
    assert (opened.requests(), opened.complaints()) == ([], [])
    assert "{{7*7}}" in opened.one("body").text and "\\u202e" in opened.one("body").text


# the file


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page)
    return parser.found


def test_hostile_content_adds_no_element_and_no_attribute(tmp_path: Path) -> None:
    shapes = []
    for number, text in enumerate([ATTACK, "harmless"]):
        with case_of_records(records(text), tmp_path / str(number)) as case:
            page = report_page(case.report(CHILD_KEY))
        shapes.append([(tag, sorted(attributes)) for tag, attributes in elements(page)])
        assert page.count("<script") == page.count("</script>") == 3
        assert not re.search(r"[\u2028\u202e\x1b]", page)
    assert shapes[0] == shapes[1]


def test_the_page_names_nothing_outside_of_itself(pages: dict[str, Path]) -> None:
    for tag, attributes in elements(pages[LEAKED].read_text()):
        assert tag not in ("link", "img", "iframe", "base", "form") or attributes.get("method") == "dialog"
        assert "src" not in attributes and not any(name.startswith("on") or name == "style" for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_every_column_has_a_name_for_paper(pages: dict[str, Path]) -> None:
    """Printed headings repeat on each page, where Chromium draws text but no buttons."""
    for page in pages.values():
        heads = [attributes for name, attributes in elements(page.read_text()) if name == "th"]
        assert all(attributes.get("data-name") for attributes in heads)


def test_equal_answers_give_equal_files(reports: dict[str, Report], sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        again = case.report(DEEP)
    # the query in between added an entry to the custody log
    case_then = replace(again.case, custody_head=reports[DEEP].case.custody_head)
    assert report_page(replace(again, case=case_then)) == report_page(reports[DEEP])


def test_every_event_that_the_page_cites_has_its_record(reports: dict[str, Report], pages: dict[str, Path]) -> None:
    for key, report in reports.items():
        held = {record.event_id for record in report.records}
        cited = {
            attributes["data-events"]
            for _, attributes in elements(pages[key].read_text())
            if "data-events" in attributes
        }
        assert {event_id for ids in cited for event_id in (ids or "").split("\n")} <= held
        assert report.cited_without_record == 0


def test_secrets_are_masked(tmp_path: Path) -> None:
    secret = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ"
    found: list[Any] = list(records("x"))
    found[0]["responseElements"]["credentials"]["sessionToken"] = secret
    with case_of_records(found, tmp_path) as case:
        page = report_page(case.report(CHILD_KEY))
    assert "AssumeRole" in page and secret not in page


def test_nobody_is_named_where_the_logs_do_not_decide(tmp_path: Path) -> None:
    with case_of_records(list(records("someone"))[1:], tmp_path) as case:
        report = case.report(CHILD_KEY)
    page = report_page(report)
    assert report.key.who.grade == Grade.NONE
    assert "its requester is" in page and "unknown" in page


@pytest.mark.full
@pytest.mark.parametrize("agent", ["aws-cli/2.9.19", "<&>\u20ac" * 60], ids=["ordinary", "hostile"])
def test_a_key_with_a_hundred_thousand_events(opened: Browser, agent: str, tmp_path: Path) -> None:
    aws = Account("647927485622")
    user = aws.user("worker")
    for number in range(100_000):
        aws.log(call(user.signs(), number // 10, name=f"Get{number % 900}", userAgent=agent, eventID=f"event-{number}"))
    with case_of_records(aws.records, tmp_path) as case:
        report = case.report(user.key)
    page = report_page(report)
    assert len(page) < 15_000_000
    assert len(report.events) < report.events_total == 100_000
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    opened.open(tmp_path / "report.html")
    assert len(opened.all("#event-table tbody tr")) == 25
    assert f"{len(report.events):,} of 100,000 events" in opened.one("#events").text
    assert f"{len(report.events):,} of 100,000 events are listed" in opened.one("#unknown").text
    assert opened.run("return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 10_000
    assert (opened.requests(), opened.complaints()) == ([], [])


def test_of_several_who_may_have_requested_it_none_is_named(tmp_path: Path) -> None:
    aws = Account("647927485622")
    deploy, key = aws.role("deploy"), aws.key("K")
    for name in ("alice", "bob"):
        aws.log(assume_role(aws.user(name).signs(), deploy, "build", 0, issues=None))
    aws.log(call(deploy.session("build", 0, key), 5))
    with case_of_records(aws.records, tmp_path) as case:
        report = case.report(key)
        of_alice = report_page(case.report(aws.user("alice").key))
    sentence = "".join(part if isinstance(part, str) else part[0] for part in finding(report)[0])
    assert "its requester is unknown" in sentence and sentence.endswith("nobody is named.")
    assert not {"alice", "bob"} & set(re.findall(r"\w+", sentence)) and cited_events(report) == ()
    drawn = lineage(report.key.who, report.tree)
    assert "alice" in drawn and "bob" in drawn and 'class="doubt"' in drawn and 'class="actor"' not in drawn
    assert "possibly derived:" in of_alice


# the drawing


def test_a_drawing_of_seven_hops_and_of_sixty_descendants_is_whole() -> None:
    deep = ANSWERS["six_hops"]
    drawn = lineage(deep, tree_of(60))
    assert drawn.count("<g class=") == 1 + len(deep.chain) + 60
    for hop in deep.chain[1:]:
        assert hop.access_key_ids[0] in drawn
    assert all(f'id="node-{number}"' in drawn for number in range(61))


def test_what_is_too_much_to_draw_is_counted() -> None:
    drawn = lineage(None, tree_of(150))
    assert "and 51 more" in drawn and drawn.count('id="node-') == 100


def test_what_is_not_certain_is_dashed() -> None:
    maybe = replace(node(1, 0), certain=False)
    assert 'class="doubt"' in lineage(None, Tree(Subject(None, "x"), NOON, (node(0, None), maybe)))
    assert 'class="doubt"' not in lineage(None, tree_of(1))


def tree_of(descendants: int) -> Tree:
    nodes = [node(0, None), *(node(number, 0) for number in range(1, descendants + 1))]
    return Tree(Subject(SubjectType.ACCESS_KEY, CHILD_KEY), NOON, tuple(nodes))


def node(number: int, parent: int | None) -> Node:
    return Node(
        id=number,
        kind=NodeKind.SESSION,
        parent=parent,
        relation=Relation.ASSUMED_ROLE if parent is not None else None,
        depth=0 if parent is None else 1,
        certain=True,
        access_key_ids=(f"ASIAZNW342S3AAAAA{number:03}",),
        principal_id=None,
        arn=f"arn:aws:sts::647927485622:assumed-role/deploy/run-{number}",
        account_id="647927485622",
        issued_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        valid_at=True,
        first_use=None,
        last_use=None,
        events=1,
        event_ids=(),
        state=State.VALID,
    )


# helpers


def column(opened: Browser, number: int) -> list[str]:
    return [cell.text.partition("\n")[0] for cell in opened.all(f"#event-table tbody td:nth-child({number})")]


def button(opened: Browser, text: str) -> WebElement:
    found: WebElement = opened.run(f"return {TOOLS}")
    return next(one for one in found.find_elements(By.TAG_NAME, "button") if one.text == text)


def status(opened: Browser) -> str:
    return str(opened.run(f"return {TOOLS}.querySelector('[role=status]').textContent"))
