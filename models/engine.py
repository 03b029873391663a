"""The engine: `prepare` an article in any thread, `analyze` a batch on one of the model's.

The service, the command line, evaluation and the benchmarks all go through this one. It knows no
HTTP, no queue and no clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from models import proof
from models.analysis import (
    Analysis,
    InputReport,
    StanceAnalysis,
    Summary,
    TopicAnalysis,
)
from models.article import Article, Options, Style, Task
from models.artifact import artifact
from models.device import cores
from models.encoding.preparation import Prepared, Preparer
from models.encoding.tokens import MAX_TARGET_TOKENS
from models.errors import AnalysisError, ArticleError, ArtifactSchema, ArtifactUnfit
from models.labels import LabelSchema
from models.network.encoded import EncodedArticles, read_stances
from models.network.network import Network
from models.tasks.labelling import Labeller
from models.tasks.summary import decision
from models.tasks.summary.writer import Request, Writer
from models.text.words import OwnWords

CPU_GROUP_TOKENS = 2048
"""Windows of similar length that a CPU encodes together: more are not read faster, but padded."""
MAX_PARALLEL = 4
"""Batches that a CPU reads at once: two on one core each are read a quarter faster than one on both
after the other. With more cores than this each batch gets several, lest one take long."""
WARM_UP_TEXT = "The council voted on Monday to reopen the old harbour bridge. Work begins in May."
WARM_UPS = (Options(style=Style.WRITTEN), Options(("the bridge",), style=Style.EXTRACTIVE))
MAX_REASON = 200
UNFIT = (ArticleError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
"""What a model raises that does not fit itself. Other errors are of the machine it runs on."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is loaded and how it runs. `max_tokens` is the longest article that is read whole."""

    name: str
    version: str
    digest: str
    created: str
    labels: LabelSchema
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
    ) -> None:
        self._model = model
        self._directory: Path | None = None
        self.parallel = parallel
        on_cpu = device.type == "cpu"
        self._group_tokens = min(max_batch_tokens, CPU_GROUP_TOKENS) if on_cpu else max_batch_tokens
        self.network = model.network.eval().to(device)
        self.network.lower_precision(dtype)
        self.preparer = Preparer(
            model.tokenizer.to_str(), model.max_windows, self.network.positions
        )
        self._labeller = Labeller(model.labels, model.calibration)
        self._own = OwnWords(model.own_words)
        pieces = [self.preparer.encoder.first_piece(word) for word in self._own.words]
        self._writer = Writer(self.network, self._own, pieces, self.preparer.encoder.write_id)
        self.info = _info(model, self.network, device, dtype)

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
    ) -> Engine:
        """Loads a verified artifact. Raises an ArtifactError, or ValueError for no such device.

        `threads` are shared by the `parallel` batches that a CPU is to read at a time (None: as
        many as is fast); a GPU reads one.
        """
        chosen = _device(device)
        threads = threads or cores()
        if parallel is None:
            parallel = min(threads, MAX_PARALLEL) if chosen.type == "cpu" else 1
        torch.set_num_threads(max(1, threads // parallel))
        model = artifact.load(directory)
        try:
            engine = cls(model, chosen, _dtype(dtype, chosen), max_batch_tokens, parallel)
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
    ) -> Engine:
        """An engine over a model that is loaded. It takes the network for itself."""
        chosen = _device(device)
        return cls(model, chosen, _dtype(dtype, chosen), max_batch_tokens)

    def warm_up(self) -> None:
        """Runs every stage once, so that the first article does not pay for it, and checks the
        answers. Raises ArtifactUnfit, or whatever the machine does."""
        self.preparer.warm_up()
        for options in WARM_UPS:
            try:
                (found,) = self.analyze([self.prepare(Article(WARM_UP_TEXT, options=options))])
                flaw = proof.flaw(found, options, self.info.labels)
            except UNFIT as error:
                raise self._unfit(_shortened(error)) from error
            if flaw:
                raise self._unfit(flaw)

    def _unfit(self, flaw: str) -> ArtifactUnfit:
        unfit = ArtifactUnfit(
            f"the model does not answer a first article ({flaw}); train or fetch it again"
        )
        unfit.directory = self._directory
        return unfit

    def prepare(self, article: Article) -> Prepared:
        """Cleans, splits and tokenises. Raises an ArticleError."""
        return self.preparer(article)

    @torch.inference_mode()
    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        """One outcome for each article, in order; what fails in one leaves the others whole.

        An article is encoded once, whatever is asked of it, and each of its questions once more.
        """
        if not batch:
            return []
        reading = EncodedArticles(self.network, [p.encoded for p in batch], self._group_tokens)
        topics = self._topics(reading, batch)
        stances = self._overall(reading, batch) | self._stances(batch)
        summaries = self._summaries(reading, batch)
        broken = _broken(batch, topics, stances, summaries)
        return [
            Analysis(
                topic=topics.get(row),
                stance=_in_order(stances.get(row), prepared.options),
                summary=summaries.get(row),
                language=prepared.language,
                warnings=self._warnings(prepared),
                input=_report(prepared),
            )
            if row not in broken
            else AnalysisError(
                "the model gave no finite scores for this article; send it as it was"
            )
            for row, prepared in enumerate(batch)
        ]

    def _topics(
        self, reading: EncodedArticles, batch: Sequence[Prepared]
    ) -> dict[int, TopicAnalysis]:
        asked = [row for row, p in enumerate(batch) if Task.TOPIC in p.options.tasks]
        if not asked:
            return {}
        read = reading.topic()
        return {row: self._labeller.topic(batch[row].encoded, read.row(row)) for row in asked}

    def _overall(
        self, reading: EncodedArticles, batch: Sequence[Prepared]
    ) -> dict[int, tuple[StanceAnalysis, ...]]:
        """The stances toward their own subjects of the articles that no target is named for."""
        asked = [
            row
            for row, prepared in enumerate(batch)
            if Task.STANCE in prepared.options.tasks and not prepared.questions
        ]
        if not asked:
            return {}
        read = reading.overall()
        return {row: (self._labeller.overall(batch[row].encoded, read.row(row)),) for row in asked}

    def _stances(self, batch: Sequence[Prepared]) -> dict[int, tuple[StanceAnalysis, ...]]:
        """The stances toward the targets that are named."""
        asked = [(row, *each) for row, prepared in enumerate(batch) for each in prepared.questions]
        if not asked:
            return {}
        read = read_stances(
            self.network, [question for _, _, question in asked], self._group_tokens
        )
        found: dict[int, tuple[StanceAnalysis, ...]] = {}
        for number, (row, target, question) in enumerate(asked):
            stance = self._labeller.stance(batch[row].encoded, target, question, read.row(number))
            found[row] = (*found.get(row, ()), stance)
        return found

    def _summaries(self, reading: EncodedArticles, batch: Sequence[Prepared]) -> dict[int, Summary]:
        asked = [row for row, p in enumerate(batch) if Task.SUMMARY in p.options.tasks]
        if not asked:
            return {}
        salience = reading.salience().cpu()
        scores = {row: salience[row, : len(batch[row].encoded.sentences)].tolist() for row in asked}
        asked = [row for row in asked if all(map(math.isfinite, scores[row]))]
        requests: dict[int, list[Request]] = {
            row: decision.requests(
                row, batch[row].encoded, scores[row], batch[row].options.max_words
            )
            for row in asked
            if batch[row].options.style is Style.WRITTEN
        }
        flat = [request for row in requests for request in requests[row]]
        drafts = iter(self._writer.rewrite(reading, flat))
        found = {}
        for row in asked:
            encoded, most = batch[row].encoded, batch[row].options.max_words
            if row in requests:
                drafted = [(request, next(drafts)) for request in requests[row]]
                found[row] = decision.written(encoded, scores[row], most, drafted, self._own)
            else:
                found[row] = decision.extractive(encoded, scores[row], most)
        return found

    def _warnings(self, prepared: Prepared) -> tuple[str, ...]:
        found = []
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


def _broken(
    batch: Sequence[Prepared],
    topics: Mapping[int, TopicAnalysis],
    stances: Mapping[int, Sequence[StanceAnalysis]],
    summaries: Mapping[int, Summary],
) -> set[int]:
    """The articles for which some head gave no finite scores."""
    labels = {row: [topics[row].confidence] for row in topics}
    for row, found in stances.items():
        labels.setdefault(row, []).extend(stance.confidence for stance in found)
    return {
        row
        for row, prepared in enumerate(batch)
        if not all(map(math.isfinite, labels.get(row, ())))
        or (Task.SUMMARY in prepared.options.tasks and row not in summaries)
    }


def _shortened(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:MAX_REASON]


def _in_order(
    stances: tuple[StanceAnalysis, ...] | None, options: Options
) -> tuple[StanceAnalysis, ...] | None:
    """The stances as they were asked for: one that was named twice is given twice."""
    if stances is None or not options.targets:
        return stances
    found = {stance.target: stance for stance in stances}
    return tuple(found[target] for target in options.targets)


def _report(prepared: Prepared) -> InputReport:
    return InputReport(
        tokens=len(prepared.encoded.ids),
        windows=len(prepared.encoded.windows),
        truncated=prepared.encoded.truncated,
        removed=prepared.removed,
        text=prepared.encoded.text if prepared.from_html else None,
    )


def _info(
    model: artifact.Artifact, network: Network, device: torch.device, dtype: torch.dtype
) -> ModelInfo:
    return ModelInfo(
        name=model.name,
        version=model.version,
        digest=model.digest,
        created=model.created,
        labels=model.labels,
        languages=model.languages,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        max_tokens=model.max_windows * network.positions,
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        metrics=model.metrics,
    )


def _device(wanted: str) -> torch.device:
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError("no CUDA device is here; set the device to cpu or auto")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        last = torch.cuda.device_count() - 1
        raise ValueError(f"there is no {wanted} here; the last CUDA device is cuda:{last}")
    return device


def _dtype(wanted: str, device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes it faster than float32, unless one is asked for."""
    if wanted != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[wanted]
    return torch.bfloat16 if fast_bfloat16(device) else torch.float32


def fast_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    return any(capabilities().get(name) for name in ("avx512_bf16", "amx_tile"))
