"""Fits, evaluates and calibrates artifacts: `python -m training --help`."""
