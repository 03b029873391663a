"""LitServe serving the same engine, in an environment of its own: a script, not a module.

`python benchmarks/peer.py MODEL PORT MAX_BATCH_SIZE BATCH_TIMEOUT_S WORKERS`: the workers share the
cores.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import litserve
from pydantic import TypeAdapter

from models.analysis import Analysis
from models.article import Article
from models.device import cores
from models.engine import Engine


class Peer(litserve.LitAPI):  # type: ignore[misc]
    """Prepares each request, analyses the batch, writes the answers out."""

    def __init__(self, model: Path, threads: int, **given: Any) -> None:
        super().__init__(**given)
        self._directory = model
        self._threads = threads

    def setup(self, device: str) -> None:
        self._engine = Engine.load(self._directory, threads=self._threads)
        self._engine.warm_up()
        self._answer = TypeAdapter(Analysis)

    def decode_request(self, request: dict[str, str]) -> Any:
        return self._engine.prepare(Article(request["text"]))

    def batch(self, inputs: Sequence[Any]) -> Sequence[Any]:
        return inputs

    def predict(self, batch: Sequence[Any]) -> Sequence[Any]:
        return self._engine.analyze(batch)

    def unbatch(self, output: Sequence[Any]) -> Sequence[Any]:
        return output

    def encode_response(self, output: Any) -> Any:
        return self._answer.dump_python(output, mode="json")


def main() -> None:
    """Serve until killed."""
    model, port, max_batch_size, batch_timeout_s, workers = sys.argv[1:]
    api = Peer(
        Path(model),
        threads=max(1, cores() // int(workers)),
        max_batch_size=int(max_batch_size),
        batch_timeout=float(batch_timeout_s),
    )
    server = litserve.LitServer(
        api, accelerator="auto", devices=1, workers_per_device=int(workers), timeout=False
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="error")


if __name__ == "__main__":
    main()
