"""Answers: the frozen dataclasses that queries return, their canonical JSON, and its hash."""
