"""The HTTP service. Read top to bottom, the modules are the path of a request.

`settings` → `protocol` → `security` → `journal` → `bodies` → `schemas` → `routes` → `scheduler`
(`admission`, `backlog`, `batching`, `worker`, `isolation`) → the engine, and back.
"""
