"""The topic of an article: its place in the Media Topics of the IPTC."""
