"""What the tasks share: the encoder and the reader, their states, and padding."""
