"""Commands of other packages: listed without being loaded, and run with their arguments."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint

import typer
from typer.testing import CliRunner

from models.errors import NutgrafError
from service.cli import plugins
from tests.support.paths import ROOT

runner = CliRunner()
toys = typer.Typer()


@toys.command()
def top(size: int, red: bool = False) -> None:
    """Spin a top."""
    print(size, red)


@toys.command()
def broken() -> None:
    raise NutgrafError("the toy is broken; buy another")


def lone(name: str) -> None:
    """A command that is a function."""
    print(name)


def app_with(**commands: str) -> typer.Typer:
    """An app with commands from entry points of these values."""
    app = typer.Typer()

    @app.callback()
    def nutgraf() -> None: ...

    plugins.add(app, [EntryPoint(name, value, plugins.GROUP) for name, value in commands.items()])
    return app


TOYS = app_with(toys=f"{__name__}:toys", lone=f"{__name__}:lone", gone="no.such.module:app")


def test_a_command_of_another_package_gets_its_arguments() -> None:
    result = runner.invoke(TOYS, ["toys", "top", "3", "--red"])
    assert (result.exit_code, result.output) == (0, "3 True\n")
    assert runner.invoke(TOYS, ["lone", "x"]).output == "x\n"
    assert runner.invoke(TOYS, ["toys", "top", "--help"]).output.count("Spin a top.") == 1
    assert runner.invoke(TOYS, ["toys", "top", "many"]).exit_code == 2


def test_its_error_is_one_line() -> None:
    result = runner.invoke(TOYS, ["toys", "broken"])
    assert (result.exit_code, result.stderr) == (2, "nutgraf: the toy is broken; buy another\n")


def test_a_package_that_is_not_there_is_listed_and_says_what_it_needs() -> None:
    assert "gone" in runner.invoke(TOYS, ["--help"]).output
    result = runner.invoke(TOYS, ["gone"])
    assert result.exit_code == 2
    assert result.stderr.startswith("nutgraf: gone needs no, which is not installed; ")


def test_the_commands_of_training_are_registered() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    values = project["entry-points"][plugins.GROUP]
    assert values.keys() == {"train", "data"}
    for name, value in values.items():
        assert callable(EntryPoint(name, value, plugins.GROUP).load())
    assert plugins.EXTRAS["training"] in project["optional-dependencies"]


def test_a_command_may_need_an_extra_of_another_name() -> None:
    app = app_with(data="training.no_such_module:app", gone="no.such.module:app")
    assert runner.invoke(app, ["data"]).stderr.endswith("pip install 'nutgraf[train]'\n")
    assert runner.invoke(app, ["gone"]).stderr.endswith("pip install 'nutgraf[gone]'\n")


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = (
        "import sys; from importlib.metadata import EntryPoint;"
        "from service.cli import main, plugins;"
        "plugins.add(main.app, [EntryPoint('train', 'training.__main__:app', plugins.GROUP)]);"
        "main.app(['--help'], standalone_mode=False);"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "nutgraf train --help" in done.stdout
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"torch", "transformers", "fastapi", "starlette", "sqlalchemy", "training"}
