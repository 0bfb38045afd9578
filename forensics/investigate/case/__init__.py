"""Case: the loaded files and events, their coverage, and their verification by digests."""
