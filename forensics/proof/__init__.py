"""Proof: the custody log, its signatures, bundles, and the checks of `verify`."""
