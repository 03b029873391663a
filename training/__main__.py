"""`python -m training`: the commands of training."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.article import Tier
from models.artifact import artifact as artifacts
from models.engine import Engine
from models.errors import NutgrafError
from models.tasks.calibration import calibrations, uncalibrated
from training.commands import SHIPPED_MODEL, columns_of
from training.data.roles import Role
from training.errors import ConfigError, DataError

if TYPE_CHECKING:
    from training.config import Config
    from training.data.names import Labels

EXIT_WARNED, EXIT_REFUSED = 1, 2
APART = SUPPORT, FAIRNESS, ODD = "support", "fairness", "odd"
"""Where the figures of judged sentences, of swapped names, and of short and odd texts stand among
those of an artifact."""

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def training() -> None:
    """Fit, evaluate and calibrate artifacts."""


data_app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@data_app.callback()
def labelled_data() -> None:
    """Look at labelled articles before training."""


DataDirectory = Annotated[Path, typer.Option(help="where the files of the config are")]


@app.command()
def fit(
    config: Annotated[Path, typer.Argument(help="the run's TOML file")],
    data: DataDirectory = Path(),
    output: Annotated[Path, typer.Option(help="where the artifact goes")] = Path("build/artifact"),
    checkpoints: Annotated[Path, typer.Option(help="where checkpoints go")] = Path(
        "build/checkpoints"
    ),
    base: Annotated[
        str | None, typer.Option(help="directory of the encoder's starting weights")
    ] = None,
    reader_base: Annotated[
        str | None, typer.Option(help="directory of the large reader's starting weights")
    ] = None,
    resume: Annotated[bool, typer.Option(help="go on from the newest checkpoint")] = False,
    max_steps: Annotated[
        int | None, typer.Option(help="end each stage after that many batches")
    ] = None,
) -> None:
    """Fit a network, stage after stage, and save it as an artifact.

    The files are checked first, as by `check`: nothing is trained where one is refused.
    """
    from training.config import read
    from training.fitting import stages
    from training.fitting.start import fresh_artifact, labels_of_run

    run = read(config, data, base=base, reader_base=reader_base)
    labels = labels_of_run(run.model)
    _check(run, labels.by_set)
    model = fresh_artifact(run.model, labels, checkpoints / "reader-base")
    for stage in stages.fit(run, model, labels, checkpoints, resume=resume, max_steps=max_steps):
        typer.echo(f"{stage.name}: done", err=True)
    card = run.model.card.read_text("utf-8") if run.model.card else ""
    digest = artifacts.save(replace(model, card=card), output)
    typer.echo(f"{output} {digest}")


def _check(run: Config, labels: Labels) -> None:
    """Says what is wrong with the files of a run. Raises DataError where one is refused."""
    from training.data.checks import Checker, of_run

    report = of_run(run, Checker(labels))
    typer.echo(report, err=True)
    if report.refused:
        first, *others = report.refused
        more = f" (and {len(others):,} more, see above)" if others else ""
        raise DataError(f"nothing is trained: {first}{more}")


@data_app.command()
@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="files of labelled articles, or a run's TOML file"),
    ],
    data: DataDirectory = Path(),
    labels: Annotated[
        Path | None,
        typer.Option(help="labels that are known: a labels file, or an artifact's directory"),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="a column's name, as topic=section; repeatable"),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="column whose values should not be in two roles")
    ] = None,
    suspects: Annotated[
        bool, typer.Option("--suspects", help="find labels that look wrong; takes seconds per 100")
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="artifact that reads the texts for it; else the shipped one")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="exit with 1 on warnings")] = False,
) -> None:
    """Check labelled articles: rows, labels, duplicates, and texts in two roles.

    Exits with 2 where something is refused, and with 0 otherwise. No text is printed.
    """
    from training.config import read
    from training.data.checks import Checker, of_files, of_run
    from training.data.report import Level
    from training.fitting.start import labels_of_run

    configs = [file for file in files if file.suffix.lower() == ".toml"]
    if configs and len(files) > 1:
        raise typer.BadParameter("give one TOML file, or files of articles")
    engine = Engine.load(model or SHIPPED_MODEL) if suspects else None
    if configs:
        if column:
            raise typer.BadParameter("name columns in the TOML file, without --column")
        run = read(configs[0], data)
        known = _labels(labels) or labels_of_run(run.model).by_set
        report = of_run(run, Checker(known, group, engine))
    else:
        places = [data / file for file in files]
        report = of_files(places, Checker(_labels(labels), group, engine), _columns(column or []))
    typer.echo(report.as_json() if as_json else report)
    if report.refused:
        raise typer.Exit(EXIT_REFUSED)
    if strict and report.of(Level.WARNING):
        raise typer.Exit(EXIT_WARNED)


def _labels(path: Path | None) -> Labels:
    """The labels of a labels file or of an artifact. Raises ConfigError or an ArtifactError."""
    from training.fitting.start import labels as labels_in
    from training.fitting.start import labels_of

    if path is None:
        return {}
    if path.is_dir():
        return labels_of(artifacts.load(path, whole=False)).by_set
    try:
        return labels_in(path).by_set
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: no labels file; give one like training/fitting/labels.json, or the "
            "directory of an artifact"
        ) from None


def _columns(given: list[str]) -> dict[str, str]:
    """Our names of columns and those of the files, from pairs with an equals sign."""
    found = columns_of(given)
    if found is None:
        raise typer.BadParameter("--column takes our name and the file's, as in topic=section")
    return found


@app.command()
def calibrate(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    config: Annotated[Path, typer.Argument(help="the TOML file that names what is measured")],
    data: DataDirectory = Path(),
    most: Annotated[int, typer.Option(help="texts of each file, at most")] = 400,
) -> None:
    """Fit what is like training, temperatures, thresholds and tables of errors.

    The first is fitted on texts of training, the others on texts to choose by.
    """
    from training.config import read
    from training.evaluation.calibration import calibrate
    from training.fitting import familiarity

    model, run = artifacts.load(directory), read(config, data)
    engine = Engine.over(replace(model, tasks=uncalibrated(model.tasks)), parallel=None)
    known = familiarity.fit(engine, run)
    tasks = calibrate(engine, uncalibrated(model.tasks), run, most)
    typer.echo(json.dumps(calibrations(tasks)))
    saved = artifacts.load(directory)
    familiarity.of(saved.network).load_state_dict(known.state_dict())
    digest = artifacts.save(replace(saved, tasks=tasks), directory)
    typer.echo(f"{directory} {digest}")


@app.command()
def evaluate(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    config: Annotated[Path, typer.Argument(help="the TOML file that names what is measured")],
    data: DataDirectory = Path(),
    write: Annotated[bool, typer.Option(help="store the figures in the artifact and card")] = False,
    most: Annotated[int, typer.Option(help="texts of each file, at most")] = 400,
    role: Annotated[
        Role, typer.Option(help="report: figures to publish; choose: figures to choose by")
    ] = Role.REPORT,
) -> None:
    """Measure an artifact on the texts of one role; prints one JSON object."""
    from training.config import read
    from training.evaluation.card import with_figures
    from training.evaluation.report import evaluate

    if write and role is not Role.REPORT:
        raise typer.BadParameter("only figures of reporting texts are stored; leave out --role")
    run = read(config, data)
    options = f"--data DIR --most {most}" + (f" --role {role}" if role is not Role.REPORT else "")
    figures = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": f"python -m training evaluate models/{directory.name} {config} {options}",
        "role": str(role),
        "files": evaluate(Engine.load(directory, parallel=None), run, most, role),
    }
    typer.echo(json.dumps(figures))
    if write:
        model = artifacts.load(directory)
        card = run.model.card.read_text("utf-8") if run.model.card else model.card
        kept = {name: model.metrics[name] for name in APART if name in model.metrics}
        metrics = {**figures, **kept}
        card = with_figures(card, metrics)
        digest = artifacts.save(replace(model, metrics=metrics, card=card), directory)
        typer.echo(f"{directory} {digest}", err=True)


@app.command()
def limits(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    config: Annotated[Path, typer.Argument(help="the TOML file that names what is measured")],
    data: DataDirectory = Path(),
    most: Annotated[int, typer.Option(help="texts of each file, at most")] = 400,
    role: Annotated[Role, typer.Option(help="which texts")] = Role.REPORT,
) -> None:
    """Measure how limits on errors are kept, on texts drawn alike and on files left out."""
    from training.config import read
    from training.evaluation.limits import measured

    typer.echo(
        json.dumps(measured(Engine.load(directory, parallel=None), read(config, data), most, role))
    )


@app.command()
def fairness(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    write: Annotated[bool, typer.Option(help="store the figures in the artifact and card")] = False,
    most: Annotated[
        int | None, typer.Option(min=1, help="sentences, and articles, of each group, at most")
    ] = None,
    moved: Annotated[
        Path | None, typer.Option(help="where what moves is written, a JSON line each")
    ] = None,
) -> None:
    """Measure how many answers move where a name is swapped; prints one JSON object.

    Names of parties, nations, religions, women and men are swapped in texts written for it.
    """
    from training.evaluation import fairness as swapping
    from training.evaluation.named import read_texts

    swaps = swapping.swaps(Engine.load(directory, parallel=None), read_texts(most))
    options = f" --most {most}" if most else ""
    figures = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": f"python -m training fairness models/{directory.name}{options}",
        "figures": swapping.figures(swaps),
    }
    typer.echo(json.dumps(figures))
    if moved is not None:
        lines = (json.dumps(record, ensure_ascii=False) for record in swapping.moved(swaps))
        moved.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    if write:
        _store(directory, FAIRNESS, figures)


@app.command()
def odd(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    write: Annotated[bool, typer.Option(help="store the figures in the artifact and card")] = False,
    role: Annotated[
        Role, typer.Option(help="report: figures to publish; choose: figures to choose by")
    ] = Role.REPORT,
) -> None:
    """Measure what becomes of short texts and of texts that are no news; prints a JSON object."""
    from training.evaluation import odd as odd_texts

    if write and role is not Role.REPORT:
        raise typer.BadParameter("only figures of reporting texts are stored; leave out --role")
    figures = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": f"python -m training odd models/{directory.name}",
        "figures": odd_texts.figures(Engine.load(directory, parallel=None), role),
    }
    typer.echo(json.dumps(figures))
    if write:
        _store(directory, ODD, figures)


@app.command()
def sheet(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    data: Annotated[Path, typer.Argument(help="file of articles, from which texts are drawn")],
    output: Annotated[Path, typer.Option(help="where the sheet goes")] = Path("sheet.jsonl"),
    key: Annotated[Path, typer.Option(help="where its key goes")] = Path("key.json"),
    texts: Annotated[int, typer.Option(min=1, help="how many texts, at most")] = 100,
    seed: Annotated[int, typer.Option(help="other seed, other texts in other order")] = 0,
    ids: Annotated[Path | None, typer.Option(help="file of ids to draw from, a line each")] = None,
    report_ids: Annotated[
        str | None, typer.Option(help="regular expression of ids that are for reporting")
    ] = None,
    role: Annotated[
        Role | None, typer.Option(help="which texts; left out: report, of sentences choose")
    ] = None,
    beside: Annotated[Path | None, typer.Option(help="an artifact to judge beside it")] = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="single sentences of written summaries")
    ] = False,
    reader: Annotated[
        Tier | None, typer.Option(help="which reader checks written summaries; else the artifact's")
    ] = None,
) -> None:
    """Write a blind sheet of summaries for an editor to judge, and its key.

    Single sentences are for choosing how supported a sentence must be to be shown.
    """
    from training.evaluation import sheets

    if sentences and beside is not None:
        raise typer.BadParameter("sentences are of one artifact; leave out --beside")
    if role is Role.TRAIN:
        raise typer.BadParameter("what was trained on is not judged; leave out --role")
    role = role or (Role.CHOOSE if sentences else Role.REPORT)
    chosen = sheets.drawn(data, role, texts, seed, ids, report_ids)
    places = {sheets.MAIN: directory, **({sheets.BESIDE: beside} if beside else {})}
    engines = {name: Engine.load(place, parallel=None) for name, place in places.items()}
    artifacts_used = {
        f"{name}artifact": sheets.description(engine, reader) for name, engine in engines.items()
    }
    entries = list(
        sheets.of_sentences(engines[sheets.MAIN], chosen, reader)
        if sentences
        else sheets.of_summaries(engines, chosen, seed, reader)
    )
    about = sheets.About(
        sentences=sentences, data=data.name, role=role, seed=seed, artifacts=artifacts_used
    )
    sheets.write(entries, output, key, about)
    typer.echo(f"{output}: {len(entries)} texts; its key is {key}")


@app.command()
def judged(
    sheet: Annotated[Path, typer.Argument(help="the sheet that was judged")],
    key: Annotated[Path, typer.Argument(help="its key")],
    verdicts: Annotated[Path, typer.Argument(help="the verdicts of a reader, JSON lines")],
    second: Annotated[Path | None, typer.Argument(help="those of a second reader")] = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="the sheet has single sentences")
    ] = False,
) -> None:
    """Count the verdicts on a sheet; prints one JSON object."""
    from training.evaluation.sheets import read_key
    from training.evaluation.verdicts import judged_sentences, judged_summaries

    count = judged_sentences if sentences else judged_summaries
    found = count(read_key(sheet, key, sentences), verdicts, second)
    typer.echo(json.dumps(found, indent=1))


@app.command()
def support(
    directory: Annotated[Path, typer.Argument(help="the artifact")],
    sheet: Annotated[Path, typer.Argument(help="a sheet of single sentences that was judged")],
    key: Annotated[Path, typer.Argument(help="its key")],
    verdicts: Annotated[Path, typer.Argument(help="the verdicts of a reader, JSON lines")],
    config: Annotated[Path, typer.Argument(help="the TOML file that names what is measured")],
    data: DataDirectory = Path(),
) -> None:
    """Fit how supported a sentence is, and must be to be shown, on judged ones, and save it."""
    from training.config import read
    from training.evaluation.support import fit_support

    run = read(config, data)
    model = artifacts.load(directory)
    section = model.tasks["summary"]
    fitted, figures = fit_support(
        Engine.over(model), section.calibration, sheet, key, verdicts, run
    )
    typer.echo(json.dumps(figures))
    saved = artifacts.load(directory)
    tasks = {**saved.tasks, "summary": replace(section, calibration=fitted)}
    metrics = {**saved.metrics, SUPPORT: figures}
    digest = artifacts.save(replace(saved, tasks=tasks, metrics=metrics), directory)
    typer.echo(f"{directory} {digest}")


def _store(directory: Path, name: str, figures: dict[str, Any]) -> None:
    """Keeps the figures of a command in an artifact and its card."""
    from training.evaluation.card import with_figures

    model = artifacts.load(directory)
    metrics = {**model.metrics, name: figures}
    card = with_figures(model.card, metrics)
    digest = artifacts.save(replace(model, metrics=metrics, card=card), directory)
    typer.echo(f"{directory} {digest}", err=True)


@app.command()
def tiny(
    directory: Annotated[Path, typer.Argument(help="where the artifact goes")],
    seed: Annotated[int, typer.Option(help="other seed, other weights")] = 0,
) -> None:
    """Write a random artifact of well under a megabyte, for tests and trials."""
    from training.fitting.start import labels
    from training.tiny import write_tiny

    typer.echo(f"{directory} {write_tiny(directory, labels(None), seed)}")


def main() -> None:
    """Runs a command. What is wrong with a run is one line on standard error."""
    try:
        app()
    except NutgrafError as error:
        typer.echo(f"training: {error}", err=True)
        sys.exit(EXIT_REFUSED)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        typer.echo(
            f"training: {missing} is not installed; training needs: make install EXTRAS=train",
            err=True,
        )
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
