"""The tasks: a folder for each, with its head, its decisions and its calibration."""
