"""Every error that the models raise on purpose.

    NutgrafError
    ├── ArticleError            the article or its options cannot be analysed: the sender's to mend
    │   ├── EmptyArticle        no text is left to read
    │   ├── ArticleTooLong      strict mode, and the article is longer than the model reads
    │   ├── TaskMissing         a task is asked for that the model does not have
    │   ├── ReaderMissing       a reader is asked for that the model does not have
    │   ├── UnreadableHtml      no article text was found in the HTML
    │   └── PreparationFailed   it takes too long to prepare, or broke what prepares it
    ├── AnalysisError           this one article failed in the model: nobody else's did
    └── ArtifactError           a model directory that cannot be trusted
        ├── ArtifactMissing     no directory, or a file that the manifest names is not there
        ├── ArtifactAltered     a file is not the one that was saved (size or SHA-256)
        ├── ArtifactSchema      written by another version, or with a schema this one can't read
        └── ArtifactUnfit       it loads, but what it answers to a first article is no answer

A message is one line: what is wrong and the way out. It never holds text of the article.
"""

from __future__ import annotations

from pathlib import Path


class NutgrafError(Exception):
    """The root of all errors above."""


class ArticleError(NutgrafError):
    """The article or its options cannot be analysed."""


class EmptyArticle(ArticleError):
    """No text is left to read."""


class ArticleTooLong(ArticleError):
    """Strict mode, and the article is longer than the model reads."""


class TaskMissing(ArticleError):
    """A task is asked for that the model does not have."""


class ReaderMissing(ArticleError):
    """A reader is asked for that the model does not have."""


class UnreadableHtml(ArticleError):
    """No article text was found in the HTML."""


class PreparationFailed(ArticleError):
    """It takes too long to prepare, or broke what prepares it."""


class AnalysisError(NutgrafError):
    """This one article failed in the model."""


class ArtifactError(NutgrafError):
    """A model directory that cannot be trusted.

    `problem` is the message without the directory, for those who are not to see paths.
    """

    directory: Path | None = None

    @property
    def problem(self) -> str:
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.directory}: {self.problem}" if self.directory else self.problem


class ArtifactMissing(ArtifactError):
    """A directory or a file that should be there is not."""


class ArtifactAltered(ArtifactError):
    """A file is not the one that was saved."""


class ArtifactSchema(ArtifactError):
    """An artifact that this version cannot read."""


class ArtifactUnfit(ArtifactError):
    """A model that loads, but does not answer."""
