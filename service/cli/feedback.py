"""`nutgraf feedback`: corrections out to training and to programs to label with, and labels in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import NutgrafError
from service.cli.errors import one_line_errors
from service.printable import printable_line
from service.settings import Settings, read

if TYPE_CHECKING:
    from service.feedback.sql_store import SqlFeedbackStore

app = typer.Typer(
    help="Corrections out to training and labelling programs, and labels in.",
    no_args_is_help=True,
)


class ExportFormat(StrEnum):
    """A format of another program."""

    LABEL_STUDIO = "label-studio"
    DOCCANO = "doccano"


class ImportFormat(StrEnum):
    """The same, with the kinds of projects that have other labels."""

    LABEL_STUDIO = "label-studio"
    DOCCANO = "doccano"
    DOCCANO_SEQ2SEQ = "doccano-seq2seq"


Data = Annotated[
    Path | None, typer.Option(help="The service's directory.", show_default="that of NUTGRAF_DATA")
]


class NoFeedback(NutgrafError):
    """There is no place for feedback, or none may be kept there."""


@app.command("export")
def export(
    output: Annotated[Path, typer.Argument(help="The file: .parquet, .jsonl or .csv.")],
    data: Data = None,
    disputed: Annotated[
        bool, typer.Option("--disputed", help="Write what people disagree about, too.")
    ] = False,
    form: Annotated[
        ExportFormat | None, typer.Option("--format", help="For another program; else rows.")
    ] = None,
) -> None:
    """Write corrections as rows that training reads, or for another program."""
    with one_line_errors():
        from service.feedback import files  # not for `--help`
        from service.feedback.rows import rows

        with _opened(_settings(data)) as store:
            found = rows(store.all(), with_disputed=disputed)
            count = files.write(found, output, form)
    typer.echo(printable_line(f"{output}: {count} rows"))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Label Studio's JSON, or doccano's JSONL.")],
    data: Data = None,
    by: Annotated[
        str | None, typer.Option(help="Who labelled, where the file does not say it.")
    ] = None,
    form: Annotated[
        ImportFormat | None, typer.Option("--format", help="What the file is, else as it looks.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Directory of the artifact.", show_default="the shipped one")
    ] = None,
) -> None:
    """Keep labels of another program as corrections. It needs NUTGRAF_KEEP_TEXTS=true."""
    with one_line_errors():
        from service.feedback import files
        from service.inference import load

        settings = _settings(data, **({"model": model} if model else {}))
        if not settings.keep_texts:
            raise NoFeedback("labels come with texts, which are not kept: NUTGRAF_KEEP_TEXTS=true")
        labels = load.load_engine(settings, parallel=1).info.labels
        found = files.read(file, labels, by, form)
        with _opened(settings) as store:
            added = files.add_new(store, found)
    told = f"{file}: {added} corrections kept, {len(found) - added} were there already"
    typer.echo(printable_line(told))


def _settings(data: Path | None, **given: Any) -> Settings:
    return read(**given, **({"data": data} if data else {}))


@contextmanager
def _opened(settings: Settings) -> Iterator[SqlFeedbackStore]:
    """The feedback of a service, which may be running."""
    from service.database.database import open_database
    from service.feedback.sql_store import SqlFeedbackStore

    if settings.data is None:
        raise NoFeedback("there is no place for feedback: name it by --data or NUTGRAF_DATA")
    database = open_database(settings.data, settings)
    try:
        yield SqlFeedbackStore(database, settings.retention_s)
    finally:
        database.close()
