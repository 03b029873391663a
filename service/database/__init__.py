"""The one database of the service: its tables, step after step, and its faults."""
