"""`nutgraf key`: makes an API key."""

from __future__ import annotations

from typing import Annotated

import typer

from service.keys import new_key


def key(name: Annotated[str, typer.Argument(help="Whose key it is, as logs will show.")]) -> None:
    """Make an API key: the secret for the client, the entry for NUTGRAF_API_KEYS."""
    secret, entry = new_key(name)
    typer.echo(f"secret  {secret}\nentry   {entry}")
