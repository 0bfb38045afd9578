"""Triage: the stories of a case that stand out."""
