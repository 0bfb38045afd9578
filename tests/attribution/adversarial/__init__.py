"""Scenarios that mislead, one module for each way to do it; `tests/attribution/test_adversarial.py` runs them all."""
