"""Regions: which of a partition's holds what its global services log."""

from __future__ import annotations

# where STS's global endpoint, IAM and most sign-ins are recorded, by how the names of a partition's regions begin
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
    """The region that holds the global services' events of a region's partition."""
    return next((home for start, home in _HOME_REGIONS.items() if region.startswith(start)), _COMMERCIAL)
