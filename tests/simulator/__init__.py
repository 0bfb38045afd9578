"""A small model of AWS sign-in, STS and IAM that plays a scenario and writes its CloudTrail files and the truth.

It shares no code with what it tests. Everything is a pure function of a seed.
"""

from .delivery import LogFile, shuffled, without, write
from .scenario import World, simulate
from .truth import CredentialTruth, truth

__all__ = ["CredentialTruth", "LogFile", "World", "shuffled", "simulate", "truth", "without", "write"]
