"""What decides which model serves: versions, comparisons and replays. Nothing is trained here."""
