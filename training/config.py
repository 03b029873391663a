"""The config of a training run: one TOML file, which is checked before any data is read."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
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

from models.article import Kind, Tier
from training.errors import ConfigError

Share = Annotated[float, Field(gt=0)]
KEPT_FROM_START = (
    "base",
    "reader_base",
    "large_reader",
    "labels",
    "choosing_layers",
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


class Statements(_Strict):
    """What the labels of a claim are that a text bears out, and of one with one thing turned."""

    right: str
    turned: OneOf


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
    - `matching`: keeps the rows in whose columns these regular expressions find something.
    - `genre`: the form that all texts of the file have. `genres`: for each of our forms a regular
      expression of what the file calls it; the first that finds something holds.
    - `questions`: adds that many questions to each text, made by rule: a teacher answers them.
    - `news`: asks which sentences tell the news: those that an editor took for a summary.
    - `statements`: adds the sentences that an editor took as claims, as they stand and as edited,
      and the same with one thing turned.
    - `unrelated`: adds that many targets of other texts of the file as unrelated ones.
    - `passage_tokens`: how much of a text is read with a target, drawn from these; else as serving.
    - `calibrate`: false where labels are often wrong, such as outlets' sections. They are not used
      to fit how sure the answers are.
    - `title`: the share of texts whose title is shown.
    - `swapped`: the share of texts that are read with names swapped (`training.data.swaps`).
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
    kind: Kind | None = None
    matching: dict[str, Pattern] = {}
    genre: str | None = None
    genres: dict[str, Pattern] = {}
    questions: int = 0
    news: bool = False
    statements: Statements | None = None
    unrelated: int = 0
    passage_tokens: tuple[int, ...] = ()
    calibrate: bool = True
    title: Annotated[float, Field(ge=0, le=1)] = 0.5
    swapped: Annotated[float, Field(ge=0, le=1)] = 0.0

    @property
    def name(self) -> str:
        """The file's stem and what of it is read, such as `stance:fnc1`."""
        chosen = [str(v) for k, v in sorted(self.where.items()) if k != "split"]
        return ":".join([self.path.stem, *chosen])


class ModelConfig(_Strict):
    """The artifact to make.

    - `base`: the directory of a BERT encoder. None is MiniLM from its package.
    - `large_reader`: whether it has a large reader; `reader_base` is the directory of an MPNet to
      start it from. None is the one from its packages.
    - `start`: an artifact to go on from instead. Its labels, tokenizer, network and windows are
      kept, so `base`, `labels` and the sizes cannot stand beside it.
    - `name`, `version`, `card`: of the new artifact; `card` is a Markdown file. Without a name it
      is the start's.
    - `choosing_layers`: the layers over sentences that choose among them.
    - `max_windows`: how many windows of an article are read.
    - `labels`: a JSON file like `training/fitting/labels.json`, which is the default.
    """

    name: str | None = None
    version: str = "0.1.0"
    base: str | None = None
    large_reader: bool = False
    reader_base: str | None = None
    start: Path | None = None
    choosing_layers: int = 1
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
    """Weights of the losses: those of the encoder's heads, then those of a reader."""

    topic: float = 1.0
    overall: float = 0.5
    chosen: float = 0.5
    extracts: float = 0.3
    alone: float = 0.5
    deleting: float = 1.0
    form: float = 0.7
    genre: float = 0.5
    about: float = 0.5
    target: float = 0.5
    stance: float = 1.0
    kind: float = 0.2
    evidence: float = 0.3
    news: float = 0.5
    taught: float = 1.0


class Optimisation(_Strict):
    """How a stage is fitted. Rates are AdamW's; a batch has at most `batch_tokens` padded.

    `frozen_layers` are the lowest of the body that is trained. `plain_attention` computes attention
    without the fused kernel, whose backward pass is slow on a CPU for short rows. `compile` has the
    layers compiled, which takes a minute and then saves a fifth. `dropout` is that of the body.
    """

    seed: int = 1
    epochs: int = 1
    batch_tokens: int = 4096
    body_rate: float = 6e-5
    head_rate: float = 3e-4
    weight_decay: float = 0.01
    warmup: float = 0.05
    clip: float = 1.0
    freeze_embeddings: bool = True
    frozen_layers: int = 0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    plain_attention: bool = False
    mixed_precision: str = "auto"
    compile: bool = False
    evaluate_every: int = 1000
    checkpoint_every: int = 200
    patience: int = 4
    choosing_rows: int = 200


class Part(StrEnum):
    """What a stage trains: the encoder with the heads of the tasks, or one of the readers."""

    ENCODER = "encoder"
    FULL = "full"
    FAST = "fast"

    @property
    def reader(self) -> Tier | None:
        return None if self is Part.ENCODER else Tier(self.value)


class Stage(_Strict):
    """A part of a run that trains one part of the network on some files.

    `taught`: the large reader, as the stages before left it, teaches the small one. `keeps` is how
    much of the weights before the stage stays: half and half is as right on what was learned before
    and nearly as right on what is new (Wortsman et al. 2022, 2109.01903).
    """

    name: str
    trains: Part
    taught: bool = False
    keeps: Annotated[float, Field(ge=0, lt=1)] = 0.0
    losses: Losses = Losses()
    optimisation: Optimisation = Optimisation()
    data: tuple[Source, ...] = Field(min_length=1)


class Config(_Strict):
    """A training run: its stages, one after the other, and what the artifact is measured on.

    A stage learns from the training texts of its files and stops by those for choosing. The
    artifact is calibrated on the choosing texts of `measured`, and figures are reported on its
    reporting texts.
    """

    model: ModelConfig = ModelConfig()
    stages: tuple[Stage, ...] = Field(min_length=1)
    measured: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _stages_have_names_of_their_own(self) -> Self:
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError("two stages have the same name; name each differently")
        return self


def read(path: Path, data: Path = Path(), **model: str | None) -> Config:
    """Reads a config. Paths of files are relative to `data`; `model` has what takes the place of
    its own `base` or `reader_base`. Raises ConfigError."""
    try:
        run = tomllib.loads(path.read_text("utf-8"))
        given = {name: value for name, value in model.items() if value is not None}
        if isinstance(run.setdefault("model", {}), dict):
            run["model"] |= given
        return _under(Config.model_validate(run), data)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name the run's TOML file") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        problem = str(first.get("ctx", {}).get("error", first["msg"]))
        raise ConfigError(": ".join(filter(None, (str(path), field, problem)))) from None
    except ValueError as error:  # no UTF-8, no TOML
        raise ConfigError(f"{path}: no TOML: {error}") from None


def _under(run: Config, directory: Path) -> Config:
    """A run whose files are those of a directory."""

    def moved(sources: tuple[Source, ...]) -> tuple[Source, ...]:
        return tuple(
            source.model_copy(update={"path": directory / source.path}) for source in sources
        )

    stages = tuple(stage.model_copy(update={"data": moved(stage.data)}) for stage in run.stages)
    return run.model_copy(update={"stages": stages, "measured": moved(run.measured)})
