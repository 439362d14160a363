"""Names of what is noted on the board."""

MIGRATED = "migrated"
"""For which release, and by which preparation, the database was filled."""

ROLES = "roles"
"""For which inputs the web server has written its roles and permissions; with the same it need not again."""
