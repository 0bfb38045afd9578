"""Key: one access key, its owner, its status changes and its calls."""
