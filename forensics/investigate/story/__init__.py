"""Story: what a key, session, user, role or address did, in chronological order."""
