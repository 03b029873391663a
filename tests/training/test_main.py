"""The commands of training: what is wrong is one line."""

from __future__ import annotations

from typing import NoReturn

import pytest

from training import __main__ as training


@pytest.mark.parametrize(
    ("missing", "named"),
    [("datasets", "datasets"), ("sklearn.metrics", "sklearn"), ("accelerate", "accelerate")],
)
def test_without_its_extra_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str, named: str
) -> None:
    def run() -> NoReturn:
        raise ModuleNotFoundError(name=missing)

    monkeypatch.setattr(training, "app", run)
    with pytest.raises(SystemExit) as ended:
        training.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"training: {named} is not installed; training needs: make install EXTRAS=train\n"
    )
