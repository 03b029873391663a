"""A whole training run: stage after stage, each from what the one before left.

A stage that is done leaves the weights that it trained in the directory of checkpoints, so a run
that was killed goes on where it was. What the large reader teaches is kept there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.article import Tier
from models.artifact.artifact import Artifact
from models.device import device_of, dtype_of
from training.config import Config, Stage
from training.data.examples import Asked
from training.errors import TeacherError
from training.fitting.corpus import Corpus, build
from training.fitting.trainer import Fit
from training.labels import LabelSchema

DONE, LESSONS = "done.safetensors", "lessons"
LESSON_QUESTIONS, LESSON_TOKENS = 4096, 4096


def fit(
    run: Config,
    model: Artifact,
    labels: LabelSchema,
    checkpoints: Path,
    *,
    resume: bool = False,
    max_steps: int | None = None,
) -> Iterator[Stage]:
    """Runs the stages of a run on the network of an artifact, and names each that is done.

    Raises DataError, or TeacherError where a reader is taught that no model has.
    """
    for stage in run.stages:
        directory = checkpoints / stage.name
        done = directory / DONE
        if resume and done.is_file():
            model.network.load_state_dict(load_file(done), strict=False)
        else:
            corpus = build(stage, labels, model.tokenizer.to_str())
            taught = _lessons(model, corpus, directory) if stage.taught else None
            before = _trained(model, stage) if stage.keeps else {}
            training = Fit(model.network, corpus, directory, max_steps, taught)
            if resume:
                training.resume()
            training.run()
            mixed = _mixed(before, _trained(model, stage), stage.keeps)
            model.network.load_state_dict(mixed, strict=False)
            _keep(mixed, done)
        yield stage


def _trained(model: Artifact, stage: Stage) -> dict[str, Tensor]:
    """A copy of what a stage trains, which is all that it may change."""
    tier = stage.trains.reader
    parts = ("encoder.", "heads.") if tier is None else (f"readers.{tier.value}.",)
    return {
        name: tensor.detach().cpu().clone().contiguous()
        for name, tensor in model.network.state_dict().items()
        if name.startswith(parts)
    }


def _mixed(before: dict[str, Tensor], after: dict[str, Tensor], kept: float) -> dict[str, Tensor]:
    """The weights between those before and after a stage; `kept` 0 is those after."""
    if not kept:
        return after
    return {
        name: torch.lerp(tensor, before[name], kept) if tensor.is_floating_point() else tensor
        for name, tensor in after.items()
    }


def _keep(state: dict[str, Tensor], done: Path) -> None:
    fresh = done.with_suffix(".new")
    save_file(state, fresh)
    fresh.replace(done)


def _lessons(model: Artifact, corpus: Corpus, directory: Path) -> list[Tensor]:
    """What the large reader says of the questions of each training example: (questions, labels).

    It is asked some thousands of questions at a time, and what it says is kept.
    """
    if Tier.FULL not in model.readers:
        raise TeacherError("a stage is taught by a large reader that the model lacks")
    asked = [each for example in corpus.train for each in example.questions]
    (directory / LESSONS).mkdir(parents=True, exist_ok=True)
    found = torch.cat(
        [
            _lesson(
                model, asked[at : at + LESSON_QUESTIONS], directory / LESSONS / f"{at}.safetensors"
            )
            for at in range(0, len(asked), LESSON_QUESTIONS)
        ]
    )
    counts = [len(example.questions) for example in corpus.train]
    return list(torch.split(found, counts))


@torch.inference_mode()
def _lesson(model: Artifact, asked: Sequence[Asked], kept: Path) -> Tensor:
    if not kept.is_file():
        reader = model.network.reader(Tier.FULL).eval()
        device = device_of("auto")
        dtype = dtype_of("auto", device)
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            logits = reader.to(device).read([each.question for each in asked], LESSON_TOKENS).logits
        fresh = kept.with_suffix(".new")
        save_file({"logits": logits.float().cpu().contiguous()}, fresh)
        fresh.replace(kept)
    return load_file(kept)["logits"]
