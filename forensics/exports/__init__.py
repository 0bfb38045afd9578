"""What exports of an account say (IAM, Organizations, Identity Center, CloudTrail), as tables beside the events."""
