"""Tree: everything derived from a credential, and how to contain it."""
