"""`python -m training`: the commands of training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from models import artifact as artifacts

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def training() -> None:
    """Fit, evaluate and calibrate artifacts."""


@app.command()
def fit(
    config: Annotated[Path, typer.Argument(help="the run's TOML file")],
    output: Annotated[Path, typer.Option(help="where the artifact goes")] = Path("build/artifact"),
    checkpoints: Annotated[Path, typer.Option(help="where checkpoints go")] = Path("build/checkpoints"),
    base: Annotated[str | None, typer.Option(help="starting encoder: directory or hub id")] = None,
    resume: Annotated[bool, typer.Option(help="go on from the newest checkpoint")] = False,
    max_steps: Annotated[int | None, typer.Option(help="stop after that many batches")] = None,
) -> None:
    """Fit a network and save it as an artifact."""
    from training.base import base_path, labels, tokenizer_json
    from training.config import read
    from training.corpus import build
    from training.fit import Fit

    run = read(config)
    if base is not None:
        run = run.model_copy(update={"model": run.model.model_copy(update={"base": base})})
    corpus = build(run, labels(run.model.labels), tokenizer_json(base_path(run.model.base)))
    typer.echo(f"{len(corpus.train)} training texts, {len(corpus.validation)} held out", err=True)
    training = Fit(run, corpus, checkpoints)
    if resume and not training.resume():
        typer.echo(f"no checkpoint under {checkpoints}: starting anew", err=True)
    training.run(max_steps)
    card = run.model.card.read_text("utf-8") if run.model.card else ""
    digest = artifacts.save(replace(training.artifact, card=card), output)
    typer.echo(f"{output} {digest}")


if __name__ == "__main__":
    app()
