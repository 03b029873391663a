"""What training and serving must agree on, and nothing else.

The path of an article: `article` → `cleaning` → `sentences` → `encoding` → `network` →
`summary` → `analysis`, driven by `engine`; `artifact` saves and loads what was trained.
"""
