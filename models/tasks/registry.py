"""The tasks that there are, by name. No torch: what needs it is loaded where it is used.

A task is a folder such as `models/tasks/topic`. Its `task.py` makes a `Task`, and `register` puts
it here. All others ask this registry at the time of their call, so a task may be registered at any
time before the model is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.tasks.evaluation import Evaluation
    from models.tasks.model import TaskModel

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

    def load(self) -> type[TaskModel[Any, Any]]:
        """What answers. It needs torch."""
        found: type[TaskModel[Any, Any]] = _imported(self.model)
        return found

    def load_evaluation(self) -> Evaluation:
        """How it is measured. It may need what training needs."""
        found: Evaluation = _imported(self.evaluation)
        return found


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
    return tuple(_TASKS.values())


def names() -> tuple[str, ...]:
    """Their names, in the same order."""
    return tuple(_TASKS)


def get(name: str) -> Task:
    """A task by its name. Raises KeyError."""
    return _TASKS[name]


def known(asked: Iterable[str]) -> frozenset[str]:
    """Names of tasks that are all there. Raises ValueError, with a message for people."""
    found = frozenset(asked)
    if not found or not found <= _TASKS.keys():
        raise ValueError(f"name some of {', '.join(names())}")
    return found


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
