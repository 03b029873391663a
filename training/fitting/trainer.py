"""Fits a stage of a run, from which `resume` goes on exactly."""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from models.article import Tier
from models.device import device_of, has_fast_bfloat16
from models.network.bodies import Body
from models.network.network import Network
from training.config import Optimisation, Stage
from training.data.examples import Asked, BatchSampler, Example, sampled_questions
from training.fitting.corpus import Corpus
from training.fitting.losses import Batch, HeadLoss, JointModel

SMOOTHING = 0.98
GROUP_TOKENS = 4096
"""Rows of similar length are read together, this many padded tokens at a time, on a CPU. A GPU
takes a whole batch."""
VALIDATION_SEED = 7


@dataclass(slots=True)
class Progress:
    """Where a run stands: the next batch, and the best validation loss so far."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float = float("inf")
    worse: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


class Fit:
    """A stage of a training run over a corpus, with its checkpoints in a directory.

    `taught` are the logits that the large reader gives each training example's questions.
    """

    def __init__(
        self,
        network: Network,
        corpus: Corpus,
        checkpoints: Path,
        max_steps: int | None = None,
        taught: Sequence[Tensor] | None = None,
    ) -> None:
        self._corpus, self._checkpoints, self._taught = corpus, checkpoints, taught
        self._stage = stage = corpus.stage
        how = stage.optimisation
        set_seed(how.seed)
        self._accelerator = Accelerator(mixed_precision=_precision(how.mixed_precision))
        trained = freeze(network, stage)
        on_gpu = self._accelerator.device.type == "cuda"
        group_tokens = how.batch_tokens if on_gpu else GROUP_TOKENS
        model = JointModel(network, stage.trains.reader, stage.losses, group_tokens)
        self._order = BatchSampler(
            [e.tokens for e in corpus.train],
            [e.source for e in corpus.train],
            [source.passes for source in stage.data],
            how.batch_tokens,
            how.seed,
        )
        steps = sum(len(self._order.epoch(n)) for n in range(how.epochs))
        self._steps = min(steps, max_steps or steps)
        optimizer = torch.optim.AdamW(
            _groups(model, trained, how), weight_decay=how.weight_decay, fused=True
        )
        scheduler = LambdaLR(optimizer, self._rate)
        self._model, self._optimizer, self._scheduler = self._accelerator.prepare(
            model, optimizer, scheduler
        )
        self.progress = Progress()
        self._accelerator.register_for_checkpointing(self.progress)

    def _rate(self, step: int) -> float:
        warmup = max(1, int(self._steps * self._stage.optimisation.warmup))
        return min(
            (step + 1) / warmup, max(0.0, (self._steps - step) / max(1, self._steps - warmup))
        )

    def resume(self) -> bool:
        """Goes on from the newest checkpoint. Returns whether there was one."""
        for name in ("latest", "latest.old"):  # the older where a save was cut off as it swapped
            if (self._checkpoints / name).is_dir():
                self._accelerator.load_state(str(self._checkpoints / name))
                return True
        return False

    def run(self, stop_after: int | None = None) -> None:
        """Trains to the end or until validation gets worse; `stop_after` leaves the rest."""
        how = self._stage.optimisation
        end = min(self._steps, stop_after or self._steps)
        smoothed: dict[str, float] = {}
        with tqdm(
            total=end, initial=self.progress.step, desc="fit", unit="batch", mininterval=5
        ) as bar:
            for batch in self._batches():
                if self.progress.step >= end or self.progress.worse > how.patience:
                    break
                losses = self._step(batch)
                for name, loss in losses.items():
                    now = float(loss.mean.detach())
                    smoothed[name] = SMOOTHING * smoothed.get(name, now) + (1 - SMOOTHING) * now
                bar.set_postfix({name: f"{value:.3f}" for name, value in smoothed.items()})
                bar.update()
                self._after_step(end)
        self._save("latest")
        best = self._checkpoints / "best"
        if best.is_dir():
            self._accelerator.load_state(str(best))

    def _step(self, batch: Batch) -> dict[str, HeadLoss]:
        self._model.train()
        with self._accelerator.autocast():
            loss, heads = self._model(batch)
        self._accelerator.backward(loss)
        self._accelerator.clip_grad_norm_(self._model.parameters(), self._stage.optimisation.clip)
        self._optimizer.step()
        self._scheduler.step()
        self._optimizer.zero_grad()
        self.progress.step += 1
        self.progress.batch += 1
        return dict(heads)

    def _after_step(self, end: int) -> None:
        how, step = self._stage.optimisation, self.progress.step
        if self._corpus.choose and (step % how.evaluate_every == 0 or step == end):
            self._validate()
        if step % how.checkpoint_every == 0:
            self._save("latest")

    def _batches(self) -> Iterator[Batch]:
        """The batches from where the run stands; this process's share of them on many devices."""
        processes, mine = self._accelerator.num_processes, self._accelerator.process_index
        while self.progress.epoch < self._stage.optimisation.epochs:
            order = self._order.epoch(self.progress.epoch)
            order = order[: len(order) // processes * processes] or order
            while self.progress.batch * processes < len(order):
                yield self._batch(order[self.progress.batch * processes + mine])
            self.progress.epoch += 1
            self.progress.batch = 0

    def _batch(self, numbers: Sequence[int]) -> Batch:
        seed = self._stage.optimisation.seed
        draw = random.Random(f"{seed}/{self.progress.epoch}/{numbers}")  # noqa: S311 - sampling
        examples = [self._corpus.train[number] for number in numbers]
        most = [self._stage.data[e.source].max_questions for e in examples]
        weights = self._corpus.stance_weights
        drawn = [
            sampled_questions(e, n, weights[e.source], draw)
            for e, n in zip(examples, most, strict=True)
        ]
        return Batch(examples, drawn, self._lesson(numbers, examples, drawn))

    def _lesson(
        self,
        numbers: Sequence[int],
        examples: Sequence[Example],
        drawn: Sequence[Sequence[Asked]],
    ) -> Tensor | None:
        """What the large reader says of the questions of a batch: (P, labels)."""
        if self._taught is None:
            return None
        rows = [
            self._taught[number][example.questions.index(asked)]
            for number, example, each in zip(numbers, examples, drawn, strict=True)
            for asked in each
        ]
        return torch.stack(rows).float() if rows else None

    @torch.no_grad()
    def _validate(self) -> None:
        """Mean losses on the validation texts; the best state so far is kept."""
        self._model.eval()
        total: dict[str, float] = defaultdict(float)
        items: dict[str, int] = defaultdict(int)
        for batch in self._corpus.choosing_batches():
            with self._accelerator.autocast():
                _, heads = self._model(batch)
            for name, head in heads.items():
                total[name] += float(head.mean) * head.items
                items[name] += head.items
        means = {name: total[name] / items[name] for name in total}
        weights = self._stage.losses.model_dump()
        loss = sum(weights[name] * mean for name, mean in means.items())
        self.progress.history.append({"step": self.progress.step, "loss": loss, **means})
        tqdm.write(json.dumps(self.progress.history[-1]))
        self.progress.worse += 1
        if loss < self.progress.best:
            self.progress.best, self.progress.worse = loss, 0
            self._save("best")

    def _save(self, name: str) -> None:
        """Writes a checkpoint beside the old one, then swaps them, so that one is always whole."""
        fresh = self._checkpoints / f"{name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._accelerator.save_state(str(fresh))
        old = self._checkpoints / f"{name}.old"
        shutil.rmtree(old, ignore_errors=True)
        target = self._checkpoints / name
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _precision(wanted: str) -> str:
    """bf16 where the machine computes it faster than float32, else none."""
    device = device_of("auto")
    if wanted != "auto":
        return wanted
    return "bf16" if has_fast_bfloat16(device) else "no"


def freeze(network: Network, stage: Stage) -> nn.Module:
    """Leaves nothing trainable but what a stage trains; returns its body, set up as it says."""
    network.requires_grad_(False)
    how, tier = stage.optimisation, stage.trains.reader
    body: Body = network.encoder
    if tier is None:
        network.heads.requires_grad_(True)
    else:
        body = network.reader(tier).body
        network.reader(tier).requires_grad_(True)
    body.requires_grad_(True)
    shared = tier is Tier.FAST  # its embeddings are the encoder's
    body.embeddings.requires_grad_(not (how.freeze_embeddings or shared))
    layers = body.encoder.layer
    for layer in layers[: how.frozen_layers]:
        layer.requires_grad_(False)
    for module in body.modules():
        if isinstance(module, nn.Dropout):
            module.p = how.dropout
    if how.plain_attention:
        body.set_attn_implementation("eager")
    if how.compile:
        for layer in layers:
            layer.compile(dynamic=True)
    return body


def _groups(model: nn.Module, body: nn.Module, how: Optimisation) -> list[dict[str, Any]]:
    slow = [parameter for parameter in body.parameters() if parameter.requires_grad]
    of_body = set(map(id, slow))
    heads = [p for p in model.parameters() if p.requires_grad and id(p) not in of_body]
    return [{"params": slow, "lr": how.body_rate}, {"params": heads, "lr": how.head_rate}]
