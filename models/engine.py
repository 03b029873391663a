"""The engine: `prepare` an article in any thread, `analyze` a batch on one of the model's.

The service, the command line, evaluation and the benchmarks all go through this one. It knows no
HTTP, no queue and no clock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from models import registry
from models.analysis import Analysis, FormAnalysis, InputReport
from models.article import Article, Options, Style, Tier
from models.artifact import artifact
from models.device import cores, device_of, dtype_of
from models.encoding.preparation import Prepared, Preparer, prepare
from models.encoding.tokens import MAX_TARGET_TOKENS
from models.errors import AnalysisError, ArticleError, ArtifactSchema, ArtifactUnfit
from models.labels import Label
from models.network.states import EncodedArticles
from models.tasks.labelling import OF_THE_TEXT
from models.tasks.model import TaskModel

CPU_GROUP_TOKENS = 2048
"""Windows of similar length that a CPU encodes together: more are not read faster, but padded."""
MAX_PARALLEL = 4
"""Batches that a CPU reads at once: two on one core each are read a quarter faster than one on both
after the other. With more cores than this each batch gets several, so that none takes long."""
WARM_UP_TEXT = "The council voted on Monday to reopen the old harbour bridge. Work begins in May."
WARM_UPS = (Options(style=Style.WRITTEN), Options(("the bridge",), style=Style.EXTRACTIVE))
UNREAD = Options(style=Style.EXTRACTIVE)
"""What is asked of a model none of whose readers is loaded."""
MAX_REASON = 200
UNFIT = (ArticleError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
"""What a model raises that does not fit itself. Other errors are of the machine it runs on."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is loaded and how it runs. `max_tokens` is the longest article that is read whole.

    `tasks` are the names of the tasks that it has, `labels` the label sets that they tell apart.
    The first of its `readers` judges where none is asked for. `parameters` are those that were
    loaded at the start: the large reader's are not among them.
    """

    name: str
    version: str
    digest: str
    created: str
    tasks: tuple[str, ...]
    readers: tuple[Tier, ...]
    labels: Mapping[str, tuple[Label, ...]]
    languages: tuple[str, ...]
    parameters: int
    max_tokens: int
    device: str
    dtype: str
    metrics: Mapping[str, Any]


class Engine:
    """A loaded model. `prepare` is safe in any thread, `analyze` in `parallel` at a time."""

    def __init__(
        self,
        model: artifact.Artifact,
        device: torch.device,
        dtype: torch.dtype,
        max_batch_tokens: int,
        parallel: int = 1,
        reader: Tier | None = None,
    ) -> None:
        self._model, self._dtype = model, dtype
        self._directory: Path | None = None
        self._reader_lock = threading.Lock()
        self.parallel = parallel
        on_cpu = device.type == "cpu"
        self._group_tokens = min(max_batch_tokens, CPU_GROUP_TOKENS) if on_cpu else max_batch_tokens
        self.network = model.network.eval().to(device)
        self.network.lower_precision(dtype)
        self.preparer = Preparer(
            model.tokenizer.to_str(),
            model.max_windows,
            self.network.positions,
            tasks=tuple(model.tasks),
            readers=_in_order(model.readers, reader),
        )
        self._tasks: dict[str, TaskModel[Any, Any]] = {
            name: registry.get(name).load()(section, self.network, self.preparer.encoder)
            for name, section in model.tasks.items()
        }
        self.info = self._info(model, device, dtype)

    @classmethod
    def load(
        cls,
        directory: Path,
        *,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        max_batch_tokens: int = 16384,
        parallel: int | None = 1,
        reader: Tier | None = None,
    ) -> Engine:
        """Loads a verified artifact. Raises an ArtifactError, or ValueError for no such device.

        `threads` are shared by the `parallel` batches that a CPU is to read at a time (None: as
        many as is fast); a GPU reads one. `reader` judges where an article asks for none; the large
        one is loaded with the first article that it judges. ValueError too where there is no such.
        """
        chosen = device_of(device)
        parallel = _shared(chosen, threads or cores(), parallel)
        model = artifact.load(directory, whole=False)
        if reader is not None and reader not in model.readers:
            has = ", ".join(sorted(model.readers)) or "none"
            raise ValueError(f"the model has no reader {reader.value!r}; it has {has}")
        try:
            engine = cls(model, chosen, dtype_of(dtype, chosen), max_batch_tokens, parallel, reader)
        except UNFIT as error:
            unfit = ArtifactSchema("its tokenizer does not fit its network; train it again")
            unfit.directory = directory
            raise unfit from error
        engine._directory = directory
        return engine

    @classmethod
    def over(
        cls,
        model: artifact.Artifact,
        *,
        device: str = "auto",
        dtype: str = "auto",
        max_batch_tokens: int = 16384,
        parallel: int | None = 1,
    ) -> Engine:
        """An engine over a model that is loaded. It takes the network for itself."""
        chosen = device_of(device)
        parallel = _shared(chosen, cores(), parallel)
        return cls(model, chosen, dtype_of(dtype, chosen), max_batch_tokens, parallel)

    def warm_up(self) -> None:
        """Runs every stage once, so that the first article does not pay for it, and checks the
        answers. What is not loaded yet is left alone.

        Raises ArtifactUnfit, or whatever the machine does.
        """
        there = [tier for tier in self.preparer.readers if tier.value in self.network.readers]
        for options in WARM_UPS:
            asked = options if there else UNREAD
            try:
                article = Article(WARM_UP_TEXT, options=asked)
                prepared = prepare(article, self.preparer.encoder)
                (found,) = self.analyze([replace(prepared, reader=next(iter(there), None))])
                flaw = self.flaw(found, asked)
            except UNFIT as error:
                raise self._unfit(_shortened(error)) from error
            if flaw:
                raise self._unfit(flaw)

    def flaw(self, found: Analysis | AnalysisError, options: Options) -> str | None:
        """What is wrong with the answer to an article that was asked for everything."""
        if isinstance(found, AnalysisError):
            return "its scores are no numbers"
        flaws = (task.flaw(found.results[name], options) for name, task in self._tasks.items())
        return next(filter(None, flaws), None)

    def _unfit(self, flaw: str) -> ArtifactUnfit:
        unfit = ArtifactUnfit(
            f"the model does not answer a first article ({flaw}); train or fetch it again"
        )
        unfit.directory = self._directory
        return unfit

    @property
    def sections(self) -> Mapping[str, Any]:
        """What the artifact says of each task, by the task's name."""
        return self._model.tasks

    def prepare(self, article: Article) -> Prepared:
        """Cleans, splits and tokenises. Raises an ArticleError."""
        return self.preparer(article)

    @torch.inference_mode()
    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        """One outcome for each article, in order; what fails in one leaves the others whole.

        An article is encoded once, whatever is asked of it; readers read what bears on a question.
        Raises an ArtifactError where the large reader is needed and cannot be loaded.
        """
        for reader in {prepared.reader for prepared in batch}:
            if reader is not None:
                self._load(reader)
        states = EncodedArticles(self.network, [p.encoded for p in batch], self._group_tokens)
        results: list[dict[str, Any]] = [{} for _ in batch]
        broken: set[int] = set()
        for name, task in self._tasks.items():
            rows = [row for row, prepared in enumerate(batch) if prepared.options.asks(name)]
            answers = task.answers(states, batch, rows) if rows else {}
            broken |= set(rows) - answers.keys()
            for row, result in answers.items():
                results[row][name] = result
        return [
            Analysis(
                results=results[row],
                language=prepared.language,
                reader=prepared.reader,
                warnings=self._warnings(prepared, results[row]),
                input=_report(prepared, results[row].get("form")),
            )
            if row not in broken
            else AnalysisError(
                "the model gave no finite scores for this article; send it as it was"
            )
            for row, prepared in enumerate(batch)
        ]

    def _load(self, reader: Tier) -> None:
        """Loads a reader that is not there yet."""
        with self._reader_lock:
            if reader.value not in self.network.readers and self._directory is not None:
                loaded = artifact.large_reader(self._directory, self._model)
                loaded.lower_precision(self._dtype)
                self.network.add_reader(reader, loaded.to(next(self.network.parameters()).device))

    def _warnings(self, prepared: Prepared, results: Mapping[str, Any]) -> tuple[str, ...]:
        withheld = {getattr(result, "withheld", None) for result in results.values()}
        found = [reason for reason in OF_THE_TEXT if reason in withheld]
        known, encoded = self._model.languages, prepared.encoded
        if prepared.language is not None and prepared.language not in known:
            found.append(
                f"the text seems to be in {prepared.language!r}; the model knows "
                f"{', '.join(known)} only, and its answer is not to be relied on"
            )
        if encoded.truncated:
            found.append(
                f"only the first {encoded.sentences[-1].end} characters of the text were read, in "
                f"{len(encoded.ids)} tokens; send the rest as an article of its own"
            )
        asked = dict.fromkeys(target for target, _ in prepared.questions)
        found += [
            f"target {place} is longer than the {MAX_TARGET_TOKENS} tokens that are read of one; "
            "its end was not read"
            for place, target in enumerate(asked, 1)
            if not self.preparer.encoder.reads_whole(target)
        ]
        return tuple(found)

    def _info(
        self, model: artifact.Artifact, device: torch.device, dtype: torch.dtype
    ) -> ModelInfo:
        labels = (pair for task in self._tasks.values() for pair in task.labels.items())
        return ModelInfo(
            name=model.name,
            version=model.version,
            digest=model.digest,
            created=model.created,
            tasks=tuple(self._tasks),
            readers=self.preparer.readers,
            labels={name: tuple(each) for name, each in labels},
            languages=model.languages,
            parameters=sum(parameter.numel() for parameter in self.network.parameters()),
            max_tokens=model.max_windows * self.network.positions,
            device=str(device),
            dtype=str(dtype).removeprefix("torch."),
            metrics=model.metrics,
        )


def _shared(device: torch.device, threads: int, parallel: int | None) -> int:
    """Shares threads among the batches that are read at a time (None: as many as is fast); says how
    many these are."""
    if parallel is None:
        parallel = min(threads, MAX_PARALLEL) if device.type == "cpu" else 1
    torch.set_num_threads(max(1, threads // parallel))
    return parallel


def _in_order(readers: Iterable[Tier], first: Tier | None) -> tuple[Tier, ...]:
    """The readers of a model, the one that judges where none is asked for first."""
    return tuple(sorted(readers, key=lambda tier: (tier is not first, list(Tier).index(tier))))


def _shortened(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:MAX_REASON]


def _report(prepared: Prepared, form: FormAnalysis | None) -> InputReport:
    return InputReport(
        tokens=len(prepared.encoded.ids),
        windows=len(prepared.encoded.windows),
        truncated=prepared.encoded.truncated,
        removed=prepared.removed,
        text=prepared.encoded.text if prepared.from_html else None,
        form=form.label if form else None,
    )
