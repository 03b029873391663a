"""The config of a training run: one TOML file, which is checked before any data is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A file of labelled articles and how it is used.

    - `path`: a JSONL, CSV or Parquet file.
    - `where`: keeps the rows with these values (for each column a value, or a list of them).
    - `columns`: maps our names of columns to the file's.
    - `without`: names columns whose labels are not used.
    - `passes`: how often an epoch reads the file (0.5: every second row).
    - `per_topic`, `per_stance`: at most so many rows of a topic, of a stance.
    - `limit`: at most so many texts.
    - `max_tokens`: how much of a text is read.
    - `max_questions`: how many targets of a text a batch reads.
    - `holdout`: the share of texts that is kept for validation. It is chosen by the text's digest,
      so it is the same in every run and for every file with that text.
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

    Every path in a config is relative to the directory that the command is run in, not to the
    config's. No text of a validation source may be trained on: where both read the same rows of a
    file, both need a `holdout`, and that of training is no smaller.
    """

    model: ModelConfig = ModelConfig()
    losses: Losses = Losses()
    optimisation: Optimisation = Optimisation()
    train: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _validation_is_not_trained_on(self) -> Self:
        for held in self.validation:
            if any(_shares_texts(trained, held) for trained in self.train):
                raise ValueError(
                    f"the validation file {held.path} is trained on too; give both the same "
                    "holdout, such as 0.1, or rows of their own by where"
                )
        return self


def _shares_texts(trained: Source, held: Source) -> bool:
    """Whether a text of a validation source is one of a training source too."""
    if trained.path.resolve() != held.path.resolve() or _apart(trained.where, held.where):
        return False
    return not 0 < held.holdout <= trained.holdout


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether no row has the values of both."""
    return any(
        not any(value in _values(other[column]) for value in _values(one[column]))
        for column in one.keys() & other.keys()
    )


def _values(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


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
