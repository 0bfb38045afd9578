"""Investigate: answers questions from the tables of a case, one module per question; never writes to them."""
