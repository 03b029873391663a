"""What the OpenAPI document says is what the routes do: schemathesis tries to prove otherwise.

A few examples an operation here. `python -m tests.support.contract --config-file
tests/support/schemathesis.toml run URL/openapi.json --mode all -n 500` tries for long.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.service_fixtures import Listen

CONFIG = ROOT / "tests/support/schemathesis.toml"


def test_the_contract_holds(listen: Listen, tmp_path: Path) -> None:
    with listen(data=tmp_path, keep_texts=True) as port:
        arguments = ["--config-file", str(CONFIG), "run", f"http://127.0.0.1:{port}/openapi.json"]
        arguments += ["--mode", "all", "-n", "5", "--phases", "examples,coverage,fuzzing"]
        run = subprocess.run(
            [sys.executable, "-m", "tests.support.contract", *arguments, "--seed=1", "--no-color"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout
