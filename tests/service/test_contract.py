"""What the OpenAPI document says is what the routes do: schemathesis tries to prove otherwise.

A few examples an operation here; `st run URL/openapi.json --mode all -n 500` tries for long.
"""

from __future__ import annotations

import subprocess
import sys

from tests.service.conftest import Listen

COMMAND = "from schemathesis.cli import schemathesis; schemathesis()"


def test_the_contract_holds(listen: Listen) -> None:
    with listen() as port:
        arguments = ["run", f"http://127.0.0.1:{port}/openapi.json", "--mode", "all", "-n", "5"]
        arguments += ["--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "/v1/jobs"]
        run = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments, "--seed", "1", "--no-color"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout
