"""The tests lie where the code lies: tests/models/text/test_html.py tests models/text/html.py.

What needs several modules or processes lies in tests/e2e. What is about the whole repository lies
in tests/ itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT

WINGS = ("models", "service", "training")
LARGE_LINES = 200
TESTED_BY = {
    "models/analysis.py": "tests/models/test_engine.py",
    "models/text/english/boilerplate.py": "tests/models/text/test_cleaning.py",
    "models/text/layout.py": "tests/models/text/test_cleaning.py",
    "service/api/routes/jobs.py": "tests/service/jobs/test_runner.py",
    "service/archive/plan.py": "tests/service/archive/test_scoring.py",
    "service/archive/run.py": "tests/service/archive/test_scoring.py",
    "service/archive/scorer.py": "tests/service/archive/test_scoring.py",
    "service/errors.py": "tests/service/api/routes/test_analyze.py",
    "service/inference/preparation_workers.py": "tests/service/inference/test_preparation.py",
}
"""Large modules without a test file of their own, and the file that tests them."""


def module_of(test: Path) -> Path:
    """The module that a test file tests by its name."""
    directory = ROOT / test.parent.relative_to(ROOT / "tests")
    name = test.stem.removeprefix("test_")
    dunder = directory / f"__{name}__.py"
    return dunder if dunder.exists() else directory / f"{name}.py"


@pytest.mark.parametrize("wing", WINGS)
def test_each_test_file_has_a_module_of_its_name(wing: str) -> None:
    tests = (ROOT / "tests" / wing).rglob("test_*.py")
    lost = [str(t.relative_to(ROOT)) for t in tests if not module_of(t).exists()]
    assert lost == [], "name them after a module, or move them to tests/e2e"


@pytest.mark.parametrize("wing", WINGS)
def test_each_large_module_has_a_test_file(wing: str) -> None:
    tested = {module_of(test) for test in (ROOT / "tests" / wing).rglob("test_*.py")}
    large = [
        module
        for module in (ROOT / wing).rglob("*.py")
        if len(module.read_text("utf-8").splitlines()) > LARGE_LINES and module not in tested
    ]
    untested = {str(module.relative_to(ROOT)) for module in large} - set(TESTED_BY)
    assert untested == set(), "write their tests, or say in TESTED_BY where they are"


@pytest.mark.parametrize("module", TESTED_BY)
def test_an_exception_is_there_and_needed(module: str) -> None:
    assert (ROOT / module).exists()
    assert (ROOT / TESTED_BY[module]).exists()
    directory, name = (ROOT / "tests" / module).parent, Path(module).name
    assert not (directory / f"test_{name}").exists(), "it has a test file of its own now"
