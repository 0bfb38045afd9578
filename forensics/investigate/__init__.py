"""Investigate: answers questions from the tables of a case, one folder per question; never writes to them."""
