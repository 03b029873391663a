"""Fits a network: where it starts, its losses, and the steps of the optimiser."""
