"""A task as a folder of its own: whether an article is loud. `task.py` is what is registered."""
