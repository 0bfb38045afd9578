"""The lock file pins every requirement by hash, and names no place to get it from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parent.parent
LOCK = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
_PIN = re.compile(
    r"(?P<name>\S+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)"
)


def pins() -> list[Requirement]:
    lines = (f"{m['name']}=={m['version']}" + (f"; {m['marker']}" if m["marker"] else "") for m in _PIN.finditer(LOCK))
    return [Requirement(line) for line in lines]


def wanted() -> Iterator[Requirement]:
    """The requirements of the package, of its extras that `dev` takes in, and of its build."""
    about = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = about["project"]["optional-dependencies"]
    lists = [about["project"]["dependencies"], about["build-system"]["requires"]]
    lists += [extras[name] for name in ("dev", "test", "notebook")]
    for text in (text for texts in lists for text in texts):
        if not text.startswith("cloudtrail-forensics"):
            yield Requirement(text)


def test_every_pin_has_a_hash_and_nothing_else_is_in_the_file() -> None:
    rest = "\n".join(line for line in _PIN.sub("", LOCK).splitlines() if not line.startswith("#"))
    assert rest.strip() == ""
    assert len(pins()) > 100


def test_no_index_and_no_path_is_in_the_file() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK.replace("--no-emit-index-url", "")
    assert not re.search(r"(^|[\s=])[./~]*/", LOCK)


def test_every_requirement_is_pinned_for_every_python() -> None:
    for python in ("3.11", "3.12", "3.13", "3.14"):
        for platform, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")):
            environment: dict[str, str] = {
                **{name: str(value) for name, value in default_environment().items()},
                "python_version": python,
                "python_full_version": f"{python}.0",
                "sys_platform": platform,
                "platform_machine": machine,
            }
            pinned = {
                normal(pin.name): next(iter(pin.specifier)).version
                for pin in pins()
                if pin.marker is None or pin.marker.evaluate(environment)
            }
            for one in wanted():
                if one.marker is None or one.marker.evaluate(environment):
                    assert one.specifier.contains(pinned[normal(one.name)]), (one, python, platform)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
