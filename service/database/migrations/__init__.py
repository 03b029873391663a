"""The tables of the service, one step after another. A step that was released never changes.

A new table takes a new step: the next number in `versions`, with an `upgrade` and no way back.
"""
