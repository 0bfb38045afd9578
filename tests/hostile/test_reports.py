"""Received reports: only the page that the case itself creates is valid."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from forensics.case import Case
from tests.attribution.records import Account, assume_role, call, write
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
LOGS = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), call(DEPLOY.session("build", 0, KEY), 10))
MORE = (call(DEPLOY.session("build", 0, KEY), 20, event_name="GetObject"),)
MARK = '<script type="application/json" id="provenance">'
OTHER_CASE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    with Case.create(folder / "case") as case:
        case.ingest([write(LOGS, folder / "logs")])
    assert run("report", KEY, "--case", folder / "case", "-o", folder / "report.html").code == 0
    return folder


@pytest.fixture(scope="module")
def geo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("geo") / "city.mmdb"
    writer = MMDBWriter(6, "City", languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"country": {"iso_code": "NL"}})
    writer.to_db_file(str(path))
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text()


def claimed(page: str, **claims: object) -> str:
    """Return the page with other claims about its creation."""
    start = page.index(MARK) + len(MARK)
    end = page.index("</script>", start)
    about = json.loads(page[start:end]) | claims
    return page[:start] + json.dumps(about, separators=(",", ":")) + page[end:]


def everywhere(page: str, old: str, new: str) -> str:
    assert page.count(old) >= 8
    return page.replace(old, new)


def case_id(page: str) -> str:
    found = re.search(r'"case_id":"([^"]+)"', page)
    assert found
    return found[1]


def another_case(page: str) -> str:
    """A falsification that was accepted before: another name, and a case that is not read."""
    return claimed(everywhere(page, "alice", "mallory"), case_id=OTHER_CASE)


CHANGED: dict[str, Callable[[str], str]] = {
    "another_name_and_case": another_case,
    "another_case_everywhere": lambda page: everywhere(page, "alice", "mallory").replace(case_id(page), OTHER_CASE),
    "another_case_only": lambda page: claimed(page, case_id=OTHER_CASE),
    "another_name": lambda page: everywhere(page, "alice", "mallory"),
    "another_ingest": lambda page: claimed(page, ingest_id="20200101T000000Z-0000"),
    "no_ingest": lambda page: claimed(page, ingest_id=None),
    "another_head": lambda page: claimed(page, custody_head="0" * 64),
    "no_head": lambda page: claimed(page, custody_head=None),
    "another_version": lambda page: claimed(page, version="99.0"),
    "another_answer": lambda page: claimed(page, answer_sha256="0" * 64),
    "more_files": lambda page: claimed(page, files=7),
    "more_events": lambda page: claimed(page, events=7),
    "another_time": lambda page: claimed(page, committed_at="2020-01-01T00:00:00Z"),
    "another_key": lambda page: page.replace(KEY, AWS.key("OTHER")),
    "not_a_key": lambda page: claimed(page, queries=[{"command": "report", "parameters": {"subject": "alice"}}]),
    "a_secret": lambda page: claimed(
        page, queries=[{"command": "report", "parameters": {"subject": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}]
    ),
    "address_files": lambda page: claimed(page, address_databases=["0" * 64]),
    "text_after_the_end": lambda page: page + "<p>mallory did it</p>",
    "text_before_the_start": lambda page: "<p>mallory did it</p>" + page,
    "byte_order_mark": lambda page: "\ufeff" + page,
    "cut": lambda page: page[:-1],
    "line_ends": lambda page: page.replace("\n", "\r\n"),
    "comment": lambda page: page.replace("<body", "<!-- x --><body"),
    "space": lambda page: page.replace("</title>", " </title>"),
    "style": lambda page: page.replace("</style>", "h1{display:none}</style>", 1),
}
NO_REPORT: dict[str, Callable[[str], bytes]] = {
    "empty": lambda page: b"",
    "text": lambda page: b"alice did it",
    "two_provenances": lambda page: (page + page[page.index(MARK) :]).encode(),
    "ten_thousand_provenances": lambda page: (page + MARK * 10_000).encode(),
    "provenance_in_a_comment_first": lambda page: f"<!-- {MARK}{{}}</script> -->{page}".encode(),
    "no_end": lambda page: page[: page.index(MARK) + len(MARK)].encode() + b'{"case_id":"',
    "huge_provenance": lambda page: page.replace(MARK, MARK + " " * (1 << 20)).encode(),
    "deep_json": lambda page: (MARK + "[" * 60_000 + "</script>").encode(),
    "deep_json_in_a_field": lambda page: page.replace(MARK + "{", MARK + '{"x":' + "[" * 30_000).encode(),
    "not_utf8": lambda page: page.replace("alice", "\udcff").encode("utf-8", "surrogateescape"),
    "utf16": lambda page: page.encode("utf-16"),
    "list": lambda page: f"{MARK}[]</script>".encode(),
    "no_queries": lambda page: claimed(page, queries=[]).encode(),
    "queries_of_numbers": lambda page: claimed(page, queries=[1]).encode(),
    "no_json": lambda page: page.replace(MARK, MARK + "x").encode(),
}


def checked(folder: Path, tmp_path: Path, content: str | bytes, *more: object) -> tuple[int, str, str]:
    path = tmp_path / "x.html"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run("verify", path, "--case", folder / "case", *more)
    if done.code:
        assert done.complaint
    return done.code, done.out, done.err


def test_the_page_that_the_case_gives_holds_and_says_what_that_cannot_show(folder: Path, tmp_path: Path) -> None:
    done = run("verify", folder / "report.html", "--case", folder / "case", "--format", "json")
    answer = json.loads(done.out)
    assert (done.code, answer["problems"]) == (0, [])
    assert answer["right"] == [f"the page is byte for byte the report that the case renders for {KEY}"]
    assert "anyone who can write the case" in answer["notes"][0]


@pytest.mark.parametrize("name", CHANGED)
def test_any_other_page_does_not_hold(folder: Path, tmp_path: Path, page: str, name: str) -> None:
    changed = CHANGED[name](page)
    assert changed != page
    code, out, _ = checked(folder, tmp_path, changed)
    assert (code, "  OK  " in out) == (1, False)
    assert "wJalrXUtnFEMI" not in out


@pytest.mark.parametrize("name", NO_REPORT)
def test_what_is_not_a_report_is_refused_in_one_line(folder: Path, tmp_path: Path, page: str, name: str) -> None:
    code, out, err = checked(folder, tmp_path, NO_REPORT[name](page))
    assert (code, out) == (1, "")
    assert "is not a report" in err


def test_a_fifo_a_folder_and_gigabytes_are_refused(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.html")
    (tmp_path / "folder.html").mkdir()
    with (tmp_path / "large.html").open("wb") as file:
        file.truncate(8 << 30)
    for name, why in (
        ("fifo", "a FIFO"),
        ("folder", "a folder"),
        ("large", "larger than"),
        ("gone", "No such file"),
    ):
        done = run("verify", tmp_path / f"{name}.html", "--case", folder / "case")
        assert done.code == 1
        assert why in done.complaint


@pytest.fixture(scope="module")
def grown(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case and its report, with a later ingest."""
    root = tmp_path_factory.mktemp("grown")
    with Case.create(root / "case") as case:
        case.ingest([folder / "logs"])
    assert run("report", KEY, "--case", root / "case", "-o", root / "report.html").code == 0
    with Case.open(root / "case") as case:
        case.ingest([write(MORE, root / "more")])
    return root


def test_a_report_of_an_earlier_ingest_says_that_the_case_has_grown(grown: Path) -> None:
    done = run("verify", grown / "report.html", "--case", grown / "case")
    assert done.code == 1
    assert "the case has grown since" in done.complaint


def test_a_report_of_a_later_ingest_is_not_taken_for_one_of_now(grown: Path, tmp_path: Path) -> None:
    assert run("report", KEY, "--case", grown / "case", "-o", tmp_path / "report.html").code == 0
    assert run("verify", tmp_path / "report.html", "--case", grown / "case").code == 0
    now = (tmp_path / "report.html").read_text()
    earlier = json.loads((grown / "report.html").read_text().split(MARK)[1].split("</script>")[0])
    (tmp_path / "x.html").write_text(claimed(now, ingest_id=earlier["ingest_id"]))
    done = run("verify", tmp_path / "x.html", "--case", grown / "case")
    assert (done.code, "  OK  " in done.out) == (1, False)


def test_a_report_with_address_files_is_compared_with_the_same_files_only(
    folder: Path, tmp_path: Path, geo_database: Path
) -> None:
    case, report = folder / "case", tmp_path / "report.html"
    assert run("report", KEY, "--case", case, "-o", report, "--geo", geo_database).code == 0
    missing = run("verify", report, "--case", case)
    assert (missing.code, "  OK  " in missing.out) == (1, False)
    assert "not compared" in missing.complaint and "--geo" in missing.complaint
    assert run("verify", report, "--case", case, "--geo", geo_database).code == 0
    needless = run("verify", folder / "report.html", "--case", case, "--geo", geo_database)
    assert (needless.code, "not compared" in needless.complaint) == (1, True)


@pytest.mark.parametrize(
    "given", [("--head", "0" * 64), ("--geo", "x.mmdb"), ("--ip-ranges", "x.json"), ("--allowed-signers", "x")]
)
def test_an_option_that_would_be_ignored_is_a_usage_error(folder: Path, given: tuple[str, str]) -> None:
    done = run("verify", folder / "logs", *given)
    assert done.code == 2
    assert given[0] in done.complaint


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_a_report_is_not_written_over_a_file_or_link_without_force(folder: Path, tmp_path: Path, kind: str) -> None:
    target, victim = tmp_path / "report.html", tmp_path / "victim"
    victim.write_text("theirs")
    if kind == "file":
        target.write_text("theirs")
    else:
        target.symlink_to(victim if kind == "link" else tmp_path / "nowhere")
    done = run("report", KEY, "--case", folder / "case", "-o", target)
    assert (done.code, "--force" in done.complaint) == (2, True)
    assert run("report", KEY, "--case", folder / "case", "-o", target, "--force").code == 0
    assert (victim.read_text(), (tmp_path / "nowhere").exists(), target.is_symlink()) == ("theirs", False, False)
