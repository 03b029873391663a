"""The tasks that there are, by name. No torch: what needs it is loaded where it is used.

A task is a folder such as `models/tasks/topic`. Its `task.py` makes a `Task`, and `register` puts
it here. All others ask this registry at the time of their call, so a task may be registered at any
time before the model is loaded. The tasks that `models.tasks` lists are there from the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Column = tuple[type, Callable[[Any], Any]]
"""A column of an archive's output: its Python type, and its value from the task's result."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the rest of the code knows it.

    `result` is the type of its answer, `columns` what an archive's output shows of it. `model` and
    `evaluation` say where a `TaskModel` and an `Evaluation` are, as `module:name`. `gold` is the
    column of labelled data that holds what people answered.
    """

    name: str
    result: Any
    model: str
    evaluation: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    gold: str = ""

    def load(self) -> Any:
        """The `TaskModel`, which answers. It needs torch."""
        return _imported(self.model)

    def load_evaluation(self) -> Any:
        """The `Evaluation`, which measures. It may need what training needs."""
        return _imported(self.evaluation)


BUILT_IN = "models.tasks"
"""The module that registers the tasks of this package."""

_TASKS: dict[str, Task] = {}


def register(task: Task) -> None:
    """Adds a task behind those that are there. Raises ValueError where a name is taken."""
    taken = {column for other in _TASKS.values() for column in other.columns}
    if task.name in _TASKS or taken & task.columns.keys():
        raise ValueError(f"there is a task {task.name!r} already, or one with its columns")
    _TASKS[task.name] = task


def unregister(name: str) -> None:
    """Takes a task out again."""
    del _TASKS[name]


def tasks() -> tuple[Task, ...]:
    """All tasks, in the order in which answers show them."""
    return tuple(_all().values())


def names() -> tuple[str, ...]:
    """Their names, in the same order."""
    return tuple(_all())


def get(name: str) -> Task:
    """A task by its name. Raises KeyError."""
    return _all()[name]


def _all() -> Mapping[str, Task]:
    import_module(BUILT_IN)
    return _TASKS


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
