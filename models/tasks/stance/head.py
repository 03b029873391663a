"""The head of the stances: toward the article's own subject. Readers judge those toward targets."""

from __future__ import annotations

from models.network.heads import Head, PooledHead


class StanceHead(Head):
    """`overall`, for the article's own subject."""

    def __init__(self, hidden: int, stances: int) -> None:
        super().__init__()
        self.overall = PooledHead(hidden, stances)

    def file_name(self, task: str, name: str) -> str:
        return name
