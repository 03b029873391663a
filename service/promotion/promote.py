"""Promotes a candidate: compares it, replays an archive, keeps the report, and switches last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import registry as tasks
from models.article import Article
from service.archive import labelled, readers
from service.archive.rows import InputColumns
from service.current import artifact_of
from service.inference import load
from service.inference.bisection import prove
from service.promotion.compare import Comparison, answers_of, compare
from service.promotion.errors import NotComparable
from service.promotion.registry import Author, Registry, Version
from service.promotion.replay import Replay, replay
from service.settings import Settings, read

if TYPE_CHECKING:
    from service.inference.model import Model

TOLERANCE = 0.01
"""How much a figure (0 to 1) may be worse, so that it still counts as no worse."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a candidate is judged by: labelled texts, and an archive that decides nothing."""

    data: Path | None = None
    archive: tuple[str, ...] = ()
    columns: InputColumns = field(default_factory=InputColumns)
    limit: int | None = None
    tolerance: float = TOLERANCE
    allow_missing: bool = False
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a candidate; `current` is None where no version serves yet.

    `reasons` say why it is refused; where there are none, it may serve.
    """

    candidate: Version
    current: str | None
    comparison: Comparison | None
    replay: Replay | None
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as it is kept beside a version."""
        return {
            "candidate": asdict(self.candidate),
            "current": self.current,
            "comparison": self.comparison and _comparison(self.comparison),
            "replay": self.replay and asdict(self.replay),
            "reasons": list(self.reasons),
        }


def examine(candidate: Path, registry: Registry, criteria: Criteria) -> Report:
    """Compares a candidate with the version that serves; nothing changes.

    Both are asked as the service asks them: NUTGRAF_MAX_ERROR and NUTGRAF_READER hold here too.

    The first version of a registry is compared with nothing, but it must answer a first article.
    Raises ArtifactError, ModelFailed, ModelUnavailable, InputRefused or NotComparable.
    """
    for name in set(criteria.skipped) - set(tasks.names()):
        raise NotComparable(f"there is no task {name!r}; the tasks are {', '.join(tasks.names())}")
    serving = registry.current
    files = readers.find(criteria.archive) if criteria.archive else []
    fresh = _opened(candidate)
    version = Version(f"{fresh.info.name} {fresh.info.version}", fresh.info.digest)
    if serving is None:
        return Report(version, None, None, None, ())
    if serving.digest == fresh.info.digest:
        raise NotComparable(f"{candidate} is the version that serves already")
    if criteria.data is None:
        raise NotComparable("a version serves: name texts with labels to compare with it by --data")
    old = _opened(artifact_of(registry.directory))
    found = _compared(old, fresh, criteria.data, criteria.tolerance)
    replayed = replay(old, fresh, files, criteria.columns, criteria.limit) if files else None
    reasons = found.reasons(allow_missing=criteria.allow_missing, skipped=criteria.skipped)
    return Report(version, serving.digest, found, replayed, tuple(reasons))


def promote(candidate: Path, registry: Registry, report: Report, author: Author) -> Version:
    """Lets a candidate serve that was examined: copy, report, and the switch last.

    Raises ValueError where it was refused, ArtifactError where it has changed since, RegistryBusy
    where another version serves by now, or StorageFailed.
    """
    if report.reasons:
        raise ValueError("a refused candidate is not promoted")
    version = registry.add(candidate, report.candidate.digest)
    registry.keep_report(version, report.to_json())
    registry.promote(version, author, report.current)
    return version


class _AsServed:
    """An engine that is asked as the service asks it: under the operator's limit on errors."""

    def __init__(self, engine: Model, settings: Settings) -> None:
        self.info, self.parallel = engine.info, engine.parallel
        self.analyze, self.warm_up = engine.analyze, engine.warm_up
        self._prepare, self._settings = engine.preparer, settings

    def preparer(self, article: Article) -> Any:
        return self._prepare(replace(article, options=self._settings.applied(article.options)))


def _opened(directory: Path) -> Model:
    settings = read(model=directory)
    engine = load.load_engine(settings, parallel=1)
    prove(engine)
    return _AsServed(engine, settings)


def _compared(old: Model, fresh: Model, data: Path, tolerance: float) -> Comparison:
    labels: dict[str, dict[str, None]] = {}
    for which, each in (*old.info.labels.items(), *fresh.info.labels.items()):
        labels.setdefault(which, {}).update(dict.fromkeys(label.name for label in each))
    texts = labelled.read(data, labels)
    if not texts:
        raise NotComparable(f"{data}: there is no text with a label")
    before, after = (answers_of(model, texts) for model in (old, fresh))
    return compare(before, after, tolerance)


def _comparison(found: Comparison) -> dict[str, Any]:
    figures: list[Mapping[str, Any]] = [
        {
            "group": each.group.name,
            "figure": each.name,
            **asdict(each.found),
            "verdict": each.verdict.value,
            "texts_needed": each.needed,
        }
        for each in found.figures
    ]
    by_label = {
        group: {label: asdict(each) for label, each in labels.items()}
        for group, labels in found.by_label.items()
    }
    others = {name: list(getattr(found, name)) for name in ("missing", "unlabelled", "notes")}
    return {"tolerance": found.tolerance, "figures": figures, "by_label": by_label, **others}
