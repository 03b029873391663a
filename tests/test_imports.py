"""Imports are the data path: service → models ← training. And what is imported is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TOML: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = TOML["project"]
OURS = ("models", "service", "training", "benchmarks", "tests")
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


def imports_of(package: str) -> set[str]:
    files = sorted((ROOT / package).rglob("*.py"))
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
    used = {name for package in packages for name in imports_of(package)}
    for name in used - sys.stdlib_module_names - set(OURS):
        assert {normal(found) for found in distributions.get(name, [name])} & declared, name


def test_ray_is_imported_where_it_is_used_only() -> None:
    using = {f.name for f in (ROOT / "service").glob("*.py") if "ray" in imported(f)}
    assert using == {"cluster.py"}


def test_the_build_takes_all_packages_and_their_data() -> None:
    setuptools = TOML["tool"]["setuptools"]
    files = [f for top in OURS[:3] for f in (ROOT / top).rglob("*") if f.is_file()]
    shipped = [f.relative_to(ROOT) for f in files if "__pycache__" not in f.parts]
    packages = {".".join(file.parent.parts) for file in shipped if file.suffix == ".py"}
    assert packages == set(setuptools["packages"])
    patterns = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, data in setuptools["package-data"].items()
        for pattern in data
    ]
    for file in shipped:
        assert file.suffix == ".py" or any(file.match(pattern) for pattern in patterns), file
