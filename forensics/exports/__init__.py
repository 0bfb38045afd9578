"""Exports: creates tables from exports of accounts: IAM, Organizations, Identity Center and CloudTrail."""
