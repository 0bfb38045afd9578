"""Regions: the region in which a partition's global services record events."""

from __future__ import annotations

# region of events of STS's global endpoint, IAM and most sign-ins, by the prefix of the partition's regions
_HOME_REGIONS = {
    "cn-": "cn-north-1",
    "eusc-": "eusc-de-east-1",
    "us-gov-": "us-gov-west-1",
    "us-iso-": "us-iso-east-1",
    "us-isob-": "us-isob-east-1",
    "us-isof-": "us-isof-south-1",
    "eu-isoe-": "eu-isoe-west-1",
}
_COMMERCIAL = "us-east-1"


def home_region(region: str) -> str:
    """Return the region with the events of global services in the partition of a region."""
    return next((home for start, home in _HOME_REGIONS.items() if region.startswith(start)), _COMMERCIAL)
