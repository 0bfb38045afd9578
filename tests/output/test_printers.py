"""The registry of renderers."""

from __future__ import annotations

import pytest

from forensics.answers.core import Displayed
from forensics.output.printers import RENDERERS, imported


@pytest.mark.parametrize("kind", RENDERERS)
def test_every_renderer_exists(kind: str) -> None:
    assert all(callable(imported(place)) for place in RENDERERS[kind].values())


def test_what_a_notebook_displays_has_a_table() -> None:
    assert all("table" in RENDERERS[answer.__name__] for answer in Displayed.__subclasses__())
