"""What a training run is told: one TOML file, checked whole before anything is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import ConfigError

Share = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A file of labelled articles and how it is used.

    `where` keeps rows with these values (a value, or a list of them), `columns` maps our names of
    columns to the file's, `without` names those whose labels are not used, `passes` is how often an
    epoch reads the file (0.5: every second row), `per_topic` caps the rows of a topic, `per_stance`
    the rows of a stance, `holdout` is the share of texts kept for validation (by the text's digest,
    so it is the same in every run), `unrelated` adds that many targets of other texts of the file
    to each text as unrelated ones, `condensed` reads only the sentences that the summary was made
    from, which teaches rewriting at a fifth of the cost, `title` is the share of titles shown;
    `calibrate = false` keeps labels that are often wrong, such as outlets' sections, from saying
    how sure to be.
    """

    path: Path
    where: dict[str, Any] = {}
    columns: dict[str, str] = {}
    without: tuple[str, ...] = ()
    passes: Share = 1.0
    per_topic: int | None = None
    per_stance: int | None = None
    limit: int | None = None
    max_tokens: int = 512
    max_questions: int = 8
    holdout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    unrelated: int = 0
    condensed: bool = False
    calibrate: bool = True
    title: Annotated[float, Field(ge=0, le=1)] = 0.5

    @property
    def name(self) -> str:
        """The file's stem and what of it is read, such as `stance:fnc1`."""
        chosen = [str(v) for k, v in sorted(self.where.items()) if k != "split"]
        return ":".join([self.path.stem, *chosen])


class ModelConfig(_Strict):
    """The artifact to make.

    `base` is the directory or hub id of an encoder; None is MiniLM from its package. `start` is an
    artifact to go on from instead: its labels, words, tokenizer and network are kept.
    """

    name: str = "nutgraf-mini"
    version: str = "0.1.0"
    base: str | None = None
    start: Path | None = None
    decoder_layers: int = 3
    salience_layers: int = 1
    writer_words: int = 400
    max_windows: int = 8
    labels: Path | None = None
    card: Path | None = None


class Losses(_Strict):
    """Weights of the losses of the five heads."""

    topic: float = 1.0
    overall: float = 0.5
    stance: float = 1.0
    salience: float = 0.5
    writing: float = 0.7


class Optimisation(_Strict):
    """How the network is fitted. Rates are AdamW's; a batch has at most `batch_tokens` padded.

    `compile` has the encoder's layers compiled, which takes a minute and then saves a fifth.
    """

    seed: int = 1
    epochs: int = 1
    batch_tokens: int = 4096
    encoder_rate: float = 6e-5
    head_rate: float = 3e-4
    weight_decay: float = 0.01
    warmup: float = 0.05
    clip: float = 1.0
    freeze_embeddings: bool = True
    frozen_layers: int = 0
    mixed_precision: str = "auto"
    compile: bool = False
    evaluate_every: int = 1000
    checkpoint_every: int = 200
    patience: int = 4
    validation_rows: int = 400


class Config(_Strict):
    """A training run. Paths are relative to the directory that the command is run in."""

    model: ModelConfig = ModelConfig()
    losses: Losses = Losses()
    optimisation: Optimisation = Optimisation()
    train: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] = ()


def read(path: Path) -> Config:
    """Reads a config. Raises ConfigError."""
    try:
        return Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name the run's TOML file") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"{path}: {field}: {first['msg']}") from None
    except ValueError as error:  # no UTF-8, no TOML
        raise ConfigError(f"{path}: no TOML: {error}") from None
