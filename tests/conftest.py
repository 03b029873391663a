"""What the tests share: a tiny artifact with random weights, and an engine on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from models.artifact.artifact import Artifact, load
from models.engine import Engine
from training.fitting.start import labels
from training.tiny import write_tiny

pytest_plugins = [
    "tests.support.fitting",
    "tests.support.service_fixtures",
    "tests.support.training_run",
]

settings.register_profile("nutgraf", deadline=None, derandomize=True)
settings.load_profile("nutgraf")


def pytest_configure(config: pytest.Config) -> None:
    """No hub, no settings of the machine's, and nothing left in its caches."""
    for name in [name for name in os.environ if name.startswith("NUTGRAF_")]:
        if not name.startswith("NUTGRAF_TEST_"):  # where the tests' own database is
            del os.environ[name]
    os.environ["NUTGRAF_PREPARE_PROCESSES"] = "0"  # but where a test wants some
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp(prefix="nutgraf-tests-")
    config.add_cleanup(lambda: shutil.rmtree(os.environ["HF_DATASETS_CACHE"], ignore_errors=True))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a random artifact. Not to be changed: copy it first."""
    directory = tmp_path_factory.mktemp("artifacts") / "tiny"
    write_tiny(directory, labels(None))
    return directory


@pytest.fixture(scope="session")
def tiny_artifact(tiny: Path) -> Artifact:
    return load(tiny)


@pytest.fixture(scope="session")
def engine(tiny: Path) -> Engine:
    """An engine on the tiny artifact, in float32."""
    return Engine.load(tiny, device="cpu", dtype="float32")
