"""The digests of a trail: what they prove of each source file and each delivery window."""
