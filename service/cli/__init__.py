"""The commands of `nutgraf`."""
