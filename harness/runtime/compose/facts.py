"""Names of what is noted on the board."""

MIGRATED = "migrated"
"""For which release, and by which preparation, the database was filled."""
