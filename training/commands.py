"""Commands of training that `nutgraf` takes in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import models
from training.errors import DataError

if TYPE_CHECKING:
    from models.artifact.artifact import Artifact
    from models.labels import Label
    from training.data.labelled import Labelled
    from training.fitting.own_labels import Mode

SHIPPED_MODEL = Path(models.__file__).parent / "nutgraf-mini"
VERSION = "1.0.0"


def train(
    output: Annotated[Path, typer.Option(help="Where the model goes; its name is the model's.")],
    data: Annotated[
        list[Path] | None,
        typer.Argument(help="CSV, JSONL or Parquet with the columns text, topic and title."),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(help="CSV or JSON with name, code, definition, parent of each label."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="new: yours in place of the model's topics; extend: beside them.")
    ] = "new",
    column: Annotated[
        list[str] | None, typer.Option(help="Our name of a column and yours: topic=section.")
    ] = None,
    model: Annotated[
        Path, typer.Option(help="The artifact to go on from.", show_default="the shipped one")
    ] = SHIPPED_MODEL,
) -> None:
    """Teach a model labels of your own, from labelled texts, or from a taxonomy alone.

    The encoder stays as it is, so a few texts a label are enough, in a minute or two. All other
    tasks stay as they were.
    """
    from models.artifact import artifact
    from models.engine import Engine
    from training.fitting.own_labels import Mode, from_names, learned
    from training.labels import taxonomy as read_taxonomy

    if output.exists():
        raise DataError(f"{output} is there already; name another directory")
    if labels not in list(Mode):
        raise DataError(f"--labels is one of {', '.join(Mode)}")
    if not data and taxonomy is None:
        raise DataError("give labelled texts, or --taxonomy FILE to tell labels by their names")
    known = () if taxonomy is None else read_taxonomy(taxonomy)
    engine, start = Engine.load(model), artifact.load(model)
    named = replace(start, name=output.name, version=VERSION, created=_today())
    if not data:
        made, figures = from_names(named, engine, known), {"rows": 0}
    else:
        texts, own = _labelled(data, column or [], known)
        made, figures = learned(named, engine, texts, own, Mode(labels))
    digest = artifact.save(_described(made, figures, start, data or [], Mode(labels)), output)
    _tell(made, figures, output, digest)


def columns_of(given: Sequence[str]) -> dict[str, str] | None:
    """Our names of columns and those of the files, from pairs with an equals sign; None where one
    is no such pair."""
    pairs = [each.partition("=") for each in given]
    if not all(ours and theirs for ours, _, theirs in pairs):
        return None
    return {ours: theirs for ours, _, theirs in pairs}


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def _labelled(
    files: Sequence[Path], columns: Sequence[str], known: Sequence[Label]
) -> tuple[list[Labelled], list[Label]]:
    """The texts of files that have a topic, and their labels: of the taxonomy, if there is one."""
    from models.labels import Label
    from training.config import Source
    from training.data.labelled import load
    from training.data.roles import Role

    renamed = columns_of(columns)
    if renamed is None:
        raise DataError("--column is our name and yours, such as topic=section")
    sources = [Source(path=file, columns=renamed) for file in files]
    found = [text for source in sources for role in Role for text in load(source, role)]
    texts = [text for text in found if text.topics]
    if not texts:
        raise DataError(f"{files[0]}: no row has a topic; name its column: --column topic=COLUMN")
    counts = Counter(text.topics[0] for text in texts)
    if not known:
        return texts, [Label(name) for name in sorted(counts)]
    unknown = counts.keys() - {label.name for label in known}
    if unknown:
        raise DataError(f"labels that the taxonomy lacks: {', '.join(sorted(unknown))}")
    return texts, [label for label in known if label.name in counts]


def _described(
    made: Artifact, figures: dict[str, Any], start: Artifact, data: Sequence[Path], mode: Mode
) -> Artifact:
    """A model with figures and a card of its own."""
    labels = [label.name for label in made.tasks["topic"].labels]
    told = (
        "by their names and definitions alone"
        if not figures["rows"]
        else (
            f"from {figures['rows']} texts of {', '.join(path.name for path in data)} ({mode}), "
            f"measured on texts held out in {figures['folds']} folds"
        )
    )
    card = (
        f"# {made.name} {made.version}\n\nMade on {made.created} from {start.name} {start.version} "
        f"({start.digest[:12]}) by `nutgraf train`. Its {len(labels)} topics are told {told}; all "
        f"other tasks are those of {start.name}.\n\n"
        + "\n".join(f"- {name}" for name in labels)
        + "\n"
    )
    measured = {"topic": figures} if figures["rows"] else {}
    metrics = {"date": made.created, "command": "nutgraf train", "start": start.digest, **measured}
    return replace(made, card=card, metrics=metrics)


def _tell(made: Artifact, figures: dict[str, Any], output: Path, digest: str) -> None:
    """What the model is worth, and how it is served."""
    labels = made.tasks["topic"].labels
    if not figures["rows"]:
        typer.echo(f"{len(labels)} labels, told by their names; nothing was measured")
    else:
        low, high = figures["macro_f1_95"]
        typer.echo(
            f"{figures['rows']} texts, {len(labels)} labels; held out: macro-F1 "
            f"{figures['macro_f1']:.2f} ({low:.2f} to {high:.2f}), right {figures['accuracy']:.0%}"
        )
        worst = sorted(figures["per_label"].items(), key=lambda each: each[1])[:5]
        typer.echo("weakest: " + ", ".join(f"{name} {f1:.2f}" for name, f1 in worst))
    typer.echo(f"{output} {digest}")
    typer.echo(f"serve it: nutgraf serve --model {output}")
