"""Records: one CloudTrail record as typed Arrow columns."""
