"""The service: `nutgraf serve`, `nutgraf score` and the other commands.

Rooms import one way only: `cli` → `api` → `http` → `jobs` → `archive` → `inference` → the files
that lie here. A request goes through `http` and `api` to `inference`; an archive through `cli` or
`jobs` to `archive`.
"""
