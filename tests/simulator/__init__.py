"""Simulator: a small model of AWS sign-in, STS and IAM that writes the CloudTrail files and the truth of a scenario.

It shares no code with the package under test. All output is a pure function of a seed.
"""

from .delivery import LogFile, shuffled, without, write
from .scenario import World, simulate
from .truth import CredentialTruth, truth

__all__ = ["CredentialTruth", "LogFile", "World", "shuffled", "simulate", "truth", "without", "write"]
