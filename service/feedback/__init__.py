"""Feedback: kept answers, people's corrections of them, and what training makes of these."""
