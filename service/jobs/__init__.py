"""Archives that are sent over HTTP: stored, leased to a replica, scored."""
