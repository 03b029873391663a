"""Imports are the data path: service → models ← training. And what is imported is declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Container, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from setuptools import find_packages

from tests.support.paths import ROOT

TOML: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = TOML["project"]
OURS = ("models", "service", "training", "benchmarks", "docs", "tests")
FORBIDDEN = {
    "models": {"service", "training", "benchmarks", "tests", "datasets", "fastapi", "accelerate"},
    "service": {"training", "benchmarks", "tests", "datasets", "sklearn", "accelerate"},
    "training": {"service", "benchmarks", "tests", "fastapi", "uvicorn"},
}


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, at its top or anywhere inside."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: relative import"
            yield (node.module or "").partition(".")[0]


METRICS = set((ROOT / "models" / "tasks").glob("*/metrics.py"))
"""What measures a task needs what training needs. Nothing that serves imports it."""


def imports_of(package: str, without: Container[Path] = ()) -> set[str]:
    files = [file for file in sorted((ROOT / package).rglob("*.py")) if file not in without]
    assert files, package
    return {name for file in files for name in imported(file)}


def name_of(requirement: str) -> str:
    return normal(re.split(r"[\[<>=~! ]", requirement)[0])


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_what_is_behind_it(package: str) -> None:
    assert not imports_of(package) & FORBIDDEN[package]


def private_of(path: Path) -> Iterator[str]:
    """What a file takes of torch or transformers that is not public."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transformers."):
            yield f"{path.name}: {node.module}"
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            chain = ast.unparse(node)
            if chain.startswith(("torch.", "transformers.")) or "_attn_implementation" in chain:
                yield f"{path.name}: {chain}"


@pytest.mark.parametrize("package", OURS)
def test_nothing_private_of_torch_or_transformers_is_used(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert [found for file in files for found in private_of(file)] == []


@pytest.mark.parametrize(
    ("packages", "extras"),
    [
        (("models", "service"), ("ray",)),
        (("models", "service", "training"), ("ray", "train")),
        (("tests",), ("ray", "train", "test")),
    ],
)
def test_what_is_imported_is_declared(packages: tuple[str, ...], extras: tuple[str, ...]) -> None:
    declared = {name_of(item) for item in PROJECT["dependencies"]}
    for extra in extras:
        declared |= {name_of(item) for item in PROJECT["optional-dependencies"][extra]}
    distributions = packages_distributions()
    without = () if extras != ("ray",) else METRICS
    used = {name for package in packages for name in imports_of(package, without)}
    for name in used - sys.stdlib_module_names - set(OURS):
        assert {normal(found) for found in distributions.get(name, [name])} & declared, name


def test_ray_is_imported_where_it_is_used_only() -> None:
    using = {f.name for f in (ROOT / "service").rglob("*.py") if "ray" in imported(f)}
    assert using == {"ray_scorer.py"}


def test_nothing_that_serves_imports_metrics() -> None:
    files = [*(ROOT / "models").rglob("*.py"), *(ROOT / "service").rglob("*.py")]
    importing = [f for f in files if any(m.endswith(".metrics") and m.startswith("models.tasks")
                                         for m in modules_imported(f))]  # fmt: skip
    assert importing == []


ORDERS = {
    "service": (
        "cli",
        "api",
        "http",
        "jobs",
        "promotion",
        "feedback",
        "database",
        "archive",
        "inference",
        "",
    ),
    "models": ("engine", "artifact", "tasks", "network", "encoding", "text", ""),
    "training": ("__main__", "commands", "tiny", "fitting", "evaluation", "data", ""),
}
"""The rooms of each wing, from the top down: a room imports only from those that stand after it.
The last, without a name, is what lies in no room, such as `service.errors`."""


def room_of(module: str) -> tuple[str, str]:
    """The wing and the room of a module: `service.archive.rows` is in `service`, `archive`."""
    wing, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    return wing, name if name in ORDERS[wing] else ""


def modules_imported(path: Path) -> Iterator[str]:
    """The modules of our own that a file imports, at its top or anywhere inside."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ORDERS:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / inner.replace(".", "/")).with_suffix(".py").exists()
                yield (
                    inner
                    if is_module or (ROOT / inner.replace(".", "/")).is_dir()
                    else str(node.module)
                )


@pytest.mark.parametrize("wing", ORDERS)
def test_imports_between_rooms_run_one_way(wing: str) -> None:
    order = ORDERS[wing]
    upward = []
    for path in sorted((ROOT / wing).rglob("*.py")):
        _, here = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for module in modules_imported(path):
            there_wing, there = room_of(module)
            if there_wing == wing and order.index(there) < order.index(here):
                upward.append(f"{path.relative_to(ROOT)} imports {module}")
    assert upward == []


@pytest.mark.parametrize("wing", ORDERS)
def test_every_room_has_its_place_in_the_order(wing: str) -> None:
    rooms = {p.parent.name for p in (ROOT / wing).glob("*/__init__.py")}
    assert rooms <= set(ORDERS[wing])


WITHOUT = {
    "models.text.cleaning": ("torch", "transformers"),
    "models.encoding.preparation": ("torch", "transformers"),
    "models.analysis": ("torch", "transformers"),
    "service.inference.preparation_process": ("torch", "transformers"),
    "models.tasks": ("torch", "transformers", "sklearn"),
    "models.artifact.manifest": ("torch", "transformers", "safetensors"),
    "service.cli.main": ("torch", "transformers", "fastapi", "sqlalchemy", "alembic"),
    "service.cli.score": (
        "torch",
        "transformers",
        "fastapi",
        "starlette",
        "sqlalchemy",
        "alembic",
    ),
    "service.archive.scoring": (
        "torch",
        "pyarrow",
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
    ),
    "service.archive.run": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.archive.scorer": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.cli.scorers": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.inference.load": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.inference.preparation": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.archive.ray_scorer": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy"),
    "service.archive.ray_worker": ("torch", "fastapi", "starlette", "uvicorn", "sqlalchemy", "ray"),
    "service.archive.formats": ("torch", "pyarrow", "pydantic"),
    "service.current": ("torch", "pydantic", "fastapi"),
    "service.promotion.registry": ("torch", "fastapi", "sqlalchemy"),
    "service.promotion.compare": ("torch", "fastapi", "sqlalchemy"),
    "service.feedback.files": ("torch", "fastapi", "starlette", "sqlalchemy"),
    "models.encoding.packing": ("torch", "numpy"),
    "models.tasks.topic.columns": ("torch", "transformers"),
}
"""What a module must not load, itself or through others."""


@pytest.mark.parametrize("module", WITHOUT)
def test_what_a_module_does_not_load(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {name.partition(".")[0] for name in found} & set(WITHOUT[module])


def test_the_build_takes_all_packages_and_their_data() -> None:
    setuptools = TOML["tool"]["setuptools"]
    files = [f for top in OURS[:3] for f in (ROOT / top).rglob("*") if f.is_file()]
    shipped = [f.relative_to(ROOT) for f in files if "__pycache__" not in f.parts]
    packages = {".".join(file.parent.parts) for file in shipped if file.suffix == ".py"}
    assert packages == set(find_packages(str(ROOT), **setuptools["packages"]["find"]))
    patterns = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, data in setuptools["package-data"].items()
        for pattern in data
    ]
    for file in shipped:
        assert file.suffix == ".py" or any(file.match(pattern) for pattern in patterns), file
