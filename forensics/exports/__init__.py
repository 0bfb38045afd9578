"""Tables from exports of an account: IAM, Organizations, Identity Center and CloudTrail."""
