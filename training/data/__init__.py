"""From files of labelled articles to the examples that the network learns from."""
