"""The tests.

Threads of torch wait for each other without using the processor. By default they use it, which
makes small models many times slower where other programs use the processor too. OpenMP reads the
variable when torch is imported, so it is set here, before all imports of the tests.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
