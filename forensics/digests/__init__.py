"""CloudTrail digest files: verification of source files and delivery windows."""
