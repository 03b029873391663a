"""What training and serving must agree on, and nothing else.

Rooms import one way only: `engine` → `artifact` → `tasks` → `network` → `encoding` → `text` → the
types that lie here (`article`, `analysis`, `labels`, `errors`). A task is a folder of `tasks`.
"""

import os

# A CPU keeps a kernel for every shape of a bfloat16 product that it has met, by default 1,024 of
# each sort. Batches of all lengths rarely meet a shape again after the pass that they first met it
# in, and what was kept came to a gigabyte in a long run.
for _cache in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"):  # torch's, oneDNN's
    os.environ.setdefault(_cache, "32")

# Threads of torch that wait for each other spin by default. Where another program wants the same
# cores that takes them from both: see docs/decisions.md.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
