"""Processor time: the measure of all benchmarks, because other jobs on the machine hardly affect it."""

from __future__ import annotations

import os


def processor_seconds() -> float:
    """Return the user and system time of this process and of its children that have ended, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
