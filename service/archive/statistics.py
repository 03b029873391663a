"""The statistics of a run: how many rows, of which labels, how fast, with how much padding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from service.archive.manifest import Manifest


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """`rows` were scored, of which `duplicates` have the answer of another row.

    Rates are over the seconds that scoring took; None where none were counted.
    """

    rows: int
    rejected: int
    duplicates: int
    seconds: float
    articles_per_s: float | None
    tokens_per_s: float | None
    padding_share: float | None
    topics: Mapping[str, int]
    stances: Mapping[str, int]

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        parts, plan = manifest.parts, manifest.plan
        seconds = sum(part.seconds for part in parts)
        tokens = sum(part.tokens for part in parts)
        padded = sum(part.padded_tokens for part in parts)
        articles = sum(part.articles for part in parts) + plan.repeated
        topics: Counter[str] = Counter()
        stances: Counter[str] = Counter()
        for part in parts:
            topics.update(part.topics)
            stances.update(part.stances)
        return cls(
            rows=sum(part.rows for part in parts),
            rejected=manifest.rejected,
            duplicates=plan.duplicates,
            seconds=round(seconds, 1),
            articles_per_s=round(articles / seconds, 2) if seconds else None,
            tokens_per_s=round(tokens / seconds, 1) if seconds else None,
            padding_share=round(1 - tokens / padded, 4) if padded else None,
            topics=dict(topics.most_common()),
            stances=dict(stances.most_common()),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """The same for people."""
        lines = [
            f"{self.rows:,} rows scored, {self.rejected:,} rejected, "
            f"{self.duplicates:,} duplicates scored once"
        ]
        if self.articles_per_s is not None and self.tokens_per_s is not None:
            lines.append(
                f"{self.articles_per_s:,.1f} articles/s, {self.tokens_per_s:,.0f} tokens/s"
            )
        if self.padding_share is not None:
            lines[-1] += f", {self.padding_share:.1%} padding"
        for name, counts in (("topic", self.topics), ("stance", self.stances)):
            lines += [f"{name:<8}{count:>10,}  {label}" for label, count in counts.items()]
        return lines
