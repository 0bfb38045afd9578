"""Bundle: the source files, digests and exports that prove an answer."""
