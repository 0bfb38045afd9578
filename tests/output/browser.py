"""A real browser that opens a page from a file, and returns its requests and console messages.

Chromium with its driver, as Debian's packages `chromium` and `chromium-driver` bring them. Without a
browser the tests are skipped; with FORENSICS_BROWSER=required they fail.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

_ARGUMENTS = """
--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,900
"""


class Browser:
    """A window that opens one page after another."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._address = ""

    def open(self, page: Path) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self._address = page.as_uri()
        self.driver.get(self._address)

    def complaints(self) -> list[str]:
        """Return the messages of the console, including policy violations."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return the requests other than that for the page itself."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        assert self._address in asked
        return [url for url in asked if url.partition("#")[0] != self._address]

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)


@contextmanager
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        if os.environ.get("FORENSICS_BROWSER") == "required":
            pytest.fail("there is no Chromium, or no chromedriver, and FORENSICS_BROWSER says that there must be")
        pytest.skip("needs Chromium and chromedriver (Debian: apt-get install chromium chromium-driver)")
    with TemporaryDirectory(prefix="forensics-browser-") as profile:
        options = Options()
        options.binary_location = program
        for argument in (*_ARGUMENTS.split(), f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        opened = webdriver.Chrome(options=options, service=Service(driver))
        try:
            yield Browser(opened)
        finally:
            opened.quit()
