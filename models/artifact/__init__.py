"""An artifact on disk: its files, their digests, and its weights."""
