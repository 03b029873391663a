"""The path of an archive: rows read, cut into shards, scored, written, in a manifest."""
