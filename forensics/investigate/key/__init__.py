"""Key: one access key, its owner, its life and what it did."""
