"""Files: opens, writes and removes files at paths that may be attacker-controlled.

Only a path that the user chose may be a link. A new file is private to its owner (0600).
"""
