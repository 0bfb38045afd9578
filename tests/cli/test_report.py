"""forensics report"""

from __future__ import annotations

import json
import stat
from hashlib import sha256
from pathlib import Path

from tests.cli.run import run
from tests.simulator import sample


def test_the_file_is_private_and_is_not_overwritten(sample_case: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = run("report", sample.DEEP_KEY, "--case", sample_case, "-o", file)
    assert (done.code, done.out) == (0, "") and done.err.startswith(f"forensics: wrote {file}, ")
    assert "the report has 131 events and 143 records; head of the custody log " in done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    again = run("report", sample.LEAKED_KEY, "--case", sample_case, "-o", file)
    assert again.code == 2 and "--force" in again.complaint
    assert file.read_text(encoding="utf-8") == page
    assert run("report", sample.LEAKED_KEY, "--case", sample_case, "-o", file, "--force").code == 0
    assert sample.LEAKED_KEY in file.read_text(encoding="utf-8")


def test_as_json_it_is_the_answer(sample_case: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert run("report", sample.DEEP_KEY, "--case", sample_case, "-o", file).code == 0
    answer = json.loads(file.read_text())
    assert answer["key"]["who"]["actor"]["name"] == "svc-deploy"
    assert answer["case"]["version"] and answer["records"] and answer["events_total"] == 131
    again = json.loads(run("report", sample.DEEP_KEY, "--case", sample_case, "--format", "json").out)
    assert again["case"].pop("custody_head") != answer["case"].pop("custody_head")  # each question is logged
    assert again == answer


def test_what_is_not_in_the_logs_is_an_answer(sample_case: Path) -> None:
    done = run("report", "AKIAQQQQQQQQQQQQQQQQ", "--case", sample_case)
    assert (done.code, done.err) == (0, "")
    assert "not found in the loaded logs" in done.out


def test_awss_own_list_of_addresses_is_used_and_named(sample_case: Path, tmp_path: Path) -> None:
    ranges, file = tmp_path / "ip-ranges.json", tmp_path / "report.html"
    ranges.write_text('{"prefixes": [], "ipv6_prefixes": []}')
    stolen = [sample.STOLEN_WORKLOAD_KEY, "--case", sample_case]
    for command in ("key", "report"):
        workload = json.loads(run(command, *stolen, "--ip-ranges", ranges, "--format", "json").out)
        workload = workload.get("key", workload)["who"]["workload"]
        assert workload["ip_ranges_sha256"] == sha256(ranges.read_bytes()).hexdigest()
    run("report", *stolen, "--ip-ranges", ranges, "-o", file)
    page = file.read_text(encoding="utf-8")
    assert page.count(workload["ip_ranges_sha256"]) == 2  # for a reader, and for `verify`
    assert "--ip-ranges" not in page
    checked = run("verify", file, "--case", sample_case)
    assert checked.code != 0 and "address file(s)" in checked.out + checked.err


def test_bad_input_gets_one_line_and_writes_nothing(sample_case: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_text("no database")
    file = tmp_path / "report.html"
    for arguments in (
        ["nonsense"],
        ["AIDA2ICYRBJSPV3OP7SHG"],
        [sample.DEEP_KEY, "--geo", tmp_path / "x.mmdb"],
        [sample.DEEP_KEY, "--geo", tmp_path / "none.mmdb"],
        [sample.DEEP_KEY, "--ip-ranges", tmp_path / "x.mmdb"],
    ):
        done = run("report", *arguments, "--case", sample_case, "-o", file)
        assert done.code == 2 and done.complaint
    assert not file.exists()
