"""Answers: every answer as a frozen dataclass, its canonical JSON and its hash."""
