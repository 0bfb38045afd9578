"""Applications: the program that a user agent names. The caller chooses the user agent, so this is only a hint."""

from __future__ import annotations

import re

# the first matching pattern gives the program; its group, if any, is the version
_PROGRAMS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Stratus Red Team", r"stratus-red-team"),
        ("Terraform", r"HashiCorp Terraform/([\d.]+)|Terraform/([\d.]+)"),
        ("Pulumi", r"Pulumi/([\d.]+)"),
        ("AWS CLI", r"aws-cli/([\d.]+)"),
        ("Pacu", r"(?i)\bpacu\b"),
        ("TruffleHog", r"(?i)trufflehog"),
        ("S3 Browser", r"S3 Browser[/ ]([\d.-]+)"),
        ("CloudBerry", r"(?i)cloudberry|msp360"),
        ("rclone", r"rclone/v?([\d.]+)"),
        ("s5cmd", r"s5cmd"),
        ("Steampipe", r"(?i)steampipe"),
        ("Prowler", r"(?i)prowler"),
        ("ScoutSuite", r"(?i)scout ?suite"),
        ("GitHub Actions", r"configure-aws-credentials-for-github-actions"),
        ("SSM agent", r"amazon-ssm-agent/([\d.]*)"),
        ("Boto3", r"Boto3/([\d.]+)"),
        ("Botocore", r"Botocore/([\d.]+)"),
        ("AWS SDK for JavaScript", r"aws-sdk-(?:js|nodejs)/([\d.]+)"),
        ("AWS SDK for Go", r"aws-sdk-go(?:-v2)?/([\d.]+)"),
        ("AWS SDK for Java", r"aws-sdk-java/([\d.]+)"),
        ("AWS SDK for Ruby", r"aws-sdk-ruby[23]?/([\d.]+)"),
        ("AWS SDK for Rust", r"aws-sdk-rust/([\d.]+)"),
        ("AWS SDK for .NET", r"aws-sdk-dotnet[^/]*/([\d.]+)"),
        ("AWS SDK for PHP", r"aws-sdk-php/([\d.]+)"),
        ("AWS SDK for C++", r"aws-sdk-cpp/([\d.]+)"),
        ("AWS PowerShell", r"AWSPowerShell[^/]*/([\d.]+)"),
        ("AWS console", r"S3Console/|^(?:console|signin)\.amazonaws\.com$|AWS(?:-| )?Console"),
        ("Firefox", r"Mozilla/.*\bFirefox/([\d.]+)"),
        ("Edge", r"Mozilla/.*\bEdg/([\d.]+)"),
        ("Chrome", r"Mozilla/.*\bChrome/([\d.]+)"),
        ("Safari", r"Mozilla/.*\bVersion/([\d.]+).*Safari"),
        ("curl", r"^curl/([\d.]+)"),
        ("AWS service", r"^[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$|^AWS Internal$"),
    )
)
# GuardDuty calls these PenTest:IAMUser/KaliLinux, ParrotLinux and PentooLinux
_SYSTEMS = (("Kali Linux", "kali"), ("Parrot Linux", "parrot"), ("Pentoo Linux", "pentoo"))


def application_of(user_agent: str | None) -> str | None:
    """Return the program, its version and a known attack system, such as Kali Linux; None if all are unknown."""
    agent = (user_agent or "").strip("[]")  # S3 logs user agents in brackets
    for name, pattern in _PROGRAMS:
        if match := pattern.search(agent):
            version = next((group.strip(".") for group in match.groups() if group), "")
            return ", ".join([f"{name} {version}".strip(), *_systems(agent)])
    return ", ".join(_systems(agent)) or None


def _systems(user_agent: str) -> list[str]:
    lower = user_agent.lower()
    return [name for name, mark in _SYSTEMS if mark in lower]
