"""Tasks are found by name, in the order in which they are registered."""

from __future__ import annotations

import pytest

from models import registry
from models.tasks.evaluation import Evaluation
from models.tasks.model import TaskModel


def test_the_tasks_that_nutgraf_has_are_there_in_order() -> None:
    assert registry.names() == ("topic", "stance", "summary", "subject", "form")
    assert [task.name for task in registry.tasks()] == list(registry.names())


@pytest.mark.parametrize("name", registry.names())
def test_what_a_task_names_is_there(name: str) -> None:
    task = registry.get(name)
    assert issubclass(task.load(), TaskModel)
    assert isinstance(task.load_evaluation(), Evaluation)
    assert task.columns
    assert task.gold
