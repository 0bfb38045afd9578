"""Proof: the custody log, its seal, bundles, and the checks behind `verify`."""
