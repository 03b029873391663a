"""An installation that does not rot: a lock of every version, for every platform and Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.utils import canonicalize_name as canonical
from packaging.version import Version

from tests.support.paths import ROOT

TOML: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = TOML["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCK = (ROOT / "constraints.txt").read_text("utf-8")
LOCKED = [Requirement(line) for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
NEWEST = "NUTGRAF_TEST_NEWEST"  # set by `make test-newest`: an environment without the lock
ENTRY = re.compile(r"([a-z0-9]+(-[a-z0-9]+)*)==[0-9a-z.]+( ; [a-z0-9_.'<>=!() ]+)?", re.IGNORECASE)


def machine(python: str, system: str, processor: str) -> dict[str, str]:
    """What markers are read against."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "platform_machine": processor,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
        "extra": "",
    }


MACHINES = [machine(python, *platform) for python, platform in product(PYTHONS, PLATFORMS)]


def applies(requirement: Requirement, where: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(where))


def locked_for(where: Mapping[str, str]) -> dict[NormalizedName, Version]:
    """The versions of the lock on a machine; each package has one."""
    found: dict[NormalizedName, Version] = {}
    for entry in LOCKED:
        if applies(entry, where):
            assert canonical(entry.name) not in found, entry.name
            (pin,) = entry.specifier
            found[canonical(entry.name)] = Version(pin.version)
    return found


def named() -> Iterator[Requirement]:
    """All that pyproject.toml names, but for itself."""
    build = TOML["build-system"]["requires"]
    for text in [*build, *PROJECT["dependencies"], *(item for e in EXTRAS.values() for item in e)]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            yield requirement


def needed(requirements: list[str], seen: set[tuple[str, str]]) -> set[NormalizedName]:
    """The packages that these requirements need here, direct and indirect, as installed."""
    found: set[NormalizedName] = set()
    for requirement in map(Requirement, requirements):
        name = canonical(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            if name == PROJECT["name"]:
                more = EXTRAS[extra] if extra else PROJECT["dependencies"]
            else:
                found.add(name)
                asked = map(Requirement, distribution(name).requires or ())
                more = [
                    str(r).partition(";")[0]
                    for r in asked
                    if r.marker is None or r.marker.evaluate({"extra": extra})
                ]
            found |= needed(more, seen)
    return found


def serving() -> set[NormalizedName]:
    return needed(PROJECT["dependencies"], set())


def test_a_line_of_the_lock_is_a_version_and_where_it_is_meant() -> None:
    """No index, host, path or local version, and nothing that only one machine has."""
    for line in LOCK.splitlines():
        assert line.startswith("#") or ENTRY.fullmatch(line), line
    assert not re.search(r"://|@|\+|--|/|\bpypi\b", LOCK)


@pytest.mark.parametrize("where", MACHINES, ids=lambda w: " ".join(list(w.values())[1:5:2]))
def test_the_lock_has_all_that_is_named_within_its_range(where: dict[str, str]) -> None:
    locked = locked_for(where)
    for requirement in named():
        version = locked[canonical(requirement.name)]
        assert requirement.specifier.contains(version), requirement


@pytest.mark.parametrize("where", MACHINES, ids=lambda w: " ".join(list(w.values())[1:5:2]))
def test_the_lock_has_what_torch_brings_from_the_default_index(where: dict[str, str]) -> None:
    """On Linux a build with CUDA, whose packages are versions too."""
    locked = locked_for(where)
    cuda = {name for name in locked if name.startswith(("nvidia-", "cuda-", "triton"))}
    if where["sys_platform"] != "linux":
        assert not cuda
        return
    assert {"nvidia-cublas", "nvidia-cudnn-cu13", "nvidia-nccl-cu13", "triton"} <= cuda
    assert len(cuda) > 15


@pytest.mark.skipif(NEWEST in os.environ, reason="not installed from the lock")
def test_the_tests_run_on_the_versions_of_the_lock() -> None:
    """And all that is needed here, direct or indirect, is in it."""
    locked: dict[NormalizedName, SpecifierSet] = {
        canonical(entry.name): entry.specifier
        for entry in LOCKED
        if entry.marker is None or entry.marker.evaluate()
    }
    for name in needed(["nutgraf[test]"], set()):
        found = distribution(name).version
        assert locked[canonical(name)].contains(found), f"{name} {found}"


def test_every_range_ends() -> None:
    """Before the next major release, so that it cannot break what is installed tomorrow."""
    for requirement in named():
        assert any(part.operator in ("<", "==") for part in requirement.specifier), requirement
    python = SpecifierSet(PROJECT["requires-python"])
    assert [v for v in ("3.10", *PYTHONS, "3.14", "4.0") if v in python] == list(PYTHONS)


def test_serving_needs_neither_pandas_nor_a_second_http_server() -> None:
    unneeded = {"datasets", "pandas", "multiprocess", "dill", "httptools", "watchfiles"}
    unneeded |= {"websockets", "scikit-learn", "scipy", "ray", "accelerate"}
    assert not serving() & unneeded


ALL_OF_IT = """
import importlib, pkgutil, sys
from pathlib import Path
import models, service
for package in (models, service):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        needs_extras = module.name == "service.archive.ray_scorer" or (
            module.name.startswith("models.tasks.") and module.name.endswith(".metrics")
        )
        if not needs_extras and module.name != "service.database.migrations.env":  # alembic runs it
            importlib.import_module(module.name)
from models.article import Article
from models.engine import Engine
engine = Engine.load(Path(sys.argv[1]), device="cpu")
engine.warm_up()
page = "<article>" + "<p>The tram is back, and nobody wanted it gone.</p>" * 20 + "</article>"
engine.analyze([engine.prepare(Article(html=page))])
"""


def test_serving_runs_on_its_own_packages(tiny: Path, tmp_path: Path) -> None:
    """All modules are imported and a model answers where only these are installed."""
    for name in serving():
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (tmp_path / top).exists():
                (tmp_path / top).symlink_to(str(found.locate_file(top)))
    assert not (tmp_path / "pandas").exists()
    done = subprocess.run(
        [sys.executable, "-S", "-c", ALL_OF_IT, str(tiny)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The package as it is built from what git has."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("models", "service", "training"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    subprocess.run(
        [sys.executable, "-c", "from setuptools import build_meta as b; b.build_wheel('dist')"],
        cwd=tree,
        capture_output=True,
        check=True,
    )
    (built,) = (tree / "dist").glob("nutgraf-*-py3-none-any.whl")
    return zipfile.ZipFile(built)


def test_a_wheel_holds_the_model_and_all_packages(wheel: zipfile.ZipFile) -> None:
    held = set(wheel.namelist())
    for package in ("models", "service", "training"):
        for file in (ROOT / package).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert file.relative_to(ROOT).as_posix() in held
    assert "models/nutgraf-mini/weights.safetensors" in held
    (metadata,) = (wheel.read(name).decode() for name in held if name.endswith("/METADATA"))
    assert "Requires-Python: <3.14,>=3.11" in metadata
    assert 'Requires-Dist: datasets<6,>=5.2; extra == "train"' in metadata


def test_a_wheel_brings_no_names_but_its_own(wheel: zipfile.ZipFile) -> None:
    """`models`, `service` and `training` would shadow a user's own: hence a tool environment."""
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    own = {"models", "service", "training"}
    assert {top for top in tops if not top.endswith(".dist-info")} == own


MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def dry_run(directory: Path, *arguments: str) -> str:
    """What a target does in a fresh clone."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, directory)
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.replace("\\\n", "")


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
@pytest.mark.parametrize("target", ["serve", "test", "check", "install", "wheel"])
def test_make_installs_through_the_lock(tmp_path: Path, target: str) -> None:
    done = dry_run(tmp_path, target)
    installs = [line for line in done.splitlines() if " pip " in line and " install " in line]
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in line for line in installs)
    assert installs[0].endswith(" setuptools"), "what builds the package is of the lock"
    assert "--no-build-isolation" in installs[1]
    begins, ends = done.index("Installing nutgraf"), done.index("Installed in")
    assert begins < done.index(installs[0]) < ends


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
def test_the_newest_are_tested_without_the_lock(tmp_path: Path) -> None:
    done = dry_run(tmp_path, "test-newest")
    assert "constraint" not in done
    assert "-m venv --clear .venv-newest" in done
    assert f"{NEWEST}=1 .venv-newest/bin/python -m pytest" in done


def test_the_container_installs_through_the_lock() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    installs = re.findall(r"\S*pip install .*?(?=&&|\n)", dockerfile)
    assert len(installs) == 2
    assert all("--constraint /src/constraints.txt" in line for line in installs)
    assert "--no-build-isolation" in installs[1]


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text("utf-8"))
    assert found["permissions"] == {"contents": "read"}
    return found


def commands(job: Mapping[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_ci_runs_on_every_python() -> None:
    (job,) = workflow("ci.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == list(PYTHONS)
    assert commands(job) == [".ci/run"]


def test_every_week_the_newest_are_tested() -> None:
    newest = workflow("newest.yml")
    ((trigger, *_),) = (newest[True]["schedule"],)  # YAML reads `on` as true
    assert len(trigger["cron"].split()) == 5
    (job,) = newest["jobs"].values()
    assert commands(job) == [".ci/with-postgres make test-newest"]
