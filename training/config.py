"""The config of a training run: one TOML file, which is checked before any data is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from models.tasks.evaluation import TargetKind
from training.errors import ConfigError

Share = Annotated[float, Field(gt=0)]
KEPT_FROM_START = (
    "base",
    "labels",
    "decoder_layers",
    "salience_layers",
    "writer_words",
    "max_windows",
)
"""What a run that goes on from an artifact takes from it, whatever the config says."""


def _checked(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_checked)]
OneOf = Annotated[tuple[str, ...], Field(min_length=2)]
"""Labels of which one holds, and the data does not say which."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A file of labelled articles and how it is used.

    Which of its texts are trained on, chosen by and reported on is no option: each text has one
    role (`training.data.roles`).

    - `path`: a JSONL, CSV or Parquet file.
    - `where`: keeps the rows with these values (for each column a value, or a list of them).
    - `columns`: maps our names of columns to the file's.
    - `without`: names columns whose labels are not used.
    - `passes`: how often an epoch reads the file (0.5: every second row).
    - `per_topic`, `per_stance`: at most so many rows of a topic, of a stance.
    - `limit`: at most so many texts.
    - `max_tokens`: how much of a text is read.
    - `max_questions`: how many targets of a text a batch reads.
    - `report_ids`: a regular expression; rows whose `id` it finds something in are for reporting,
      whatever their text.
    - `stances`: what the file's labels mean: one of our labels, or a list of which one holds.
    - `kind`: what all targets of the file are (entity, issue or claim), where no column says it.
    - `unrelated`: adds that many targets of other texts of the file as unrelated ones.
    - `condensed`: reads only the sentences that the summary was made from. This teaches rewriting
      at a fifth of the cost.
    - `calibrate`: false where labels are often wrong, such as outlets' sections. They are not used
      to fit how sure the answers are.
    - `title`: the share of texts whose title is shown.
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
    report_ids: Pattern | None = None
    stances: dict[str, str | OneOf] = {}
    kind: TargetKind | None = None
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

    - `base`: the directory of a BERT encoder. None is MiniLM from its package.
    - `start`: an artifact to go on from instead. Its labels, words, tokenizer, network and windows
      are kept, so `labels`, `base` and the sizes cannot stand beside it.
    - `name`, `version`, `card`: of the new artifact; `card` is a Markdown file. Without a name it
      is the start's.
    - `decoder_layers`, `salience_layers`, `writer_words`: sizes of the network's parts.
    - `max_windows`: how many windows of an article are read.
    - `labels`: a JSON file like `training/fitting/labels.json`, which is the default.
    """

    name: str | None = None
    version: str = "0.1.0"
    base: str | None = None
    start: Path | None = None
    decoder_layers: int = 3
    salience_layers: int = 1
    writer_words: int = 400
    max_windows: int = 8
    labels: Path | None = None
    card: Path | None = None

    @model_validator(mode="after")
    def _start_keeps_its_own(self) -> Self:
        ignored = [name for name in KEPT_FROM_START if name in self.model_fields_set]
        if self.start is not None and ignored:
            raise ValueError(
                f"start keeps its own {', '.join(ignored)}; leave out start, or "
                f"{', '.join(ignored)}"
            )
        return self


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
    """A training run.

    Training reads the training texts of `train`. The texts of `validation` that are for choosing
    stop the run and calibrate it; figures are reported on its reporting texts. Every path in a
    config is relative to the directory that the command is run in, not to the config's.
    """

    model: ModelConfig = ModelConfig()
    losses: Losses = Losses()
    optimisation: Optimisation = Optimisation()
    train: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] = ()


def read(path: Path, base: str | None = None) -> Config:
    """Reads a config; `base` takes the place of its own. Raises ConfigError."""
    try:
        run = tomllib.loads(path.read_text("utf-8"))
        if base is not None and isinstance(run.setdefault("model", {}), dict):
            run["model"]["base"] = base
        return Config.model_validate(run)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name the run's TOML file") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        problem = str(first.get("ctx", {}).get("error", first["msg"]))
        raise ConfigError(": ".join(filter(None, (str(path), field, problem)))) from None
    except ValueError as error:  # no UTF-8, no TOML
        raise ConfigError(f"{path}: no TOML: {error}") from None
