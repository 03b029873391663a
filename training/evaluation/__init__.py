"""What an artifact is worth: its predictions beside labels, calibration, and the card."""
