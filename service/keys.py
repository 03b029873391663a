"""API keys: named, kept as SHA-256 digests, compared in constant time.

A key is 32 random bytes, so a plain digest is enough: there is no password to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

MIN_SECRET_CHARS = 16
_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,40}):(?P<rest>[\x21-\x7e]+)")
_DIGEST = re.compile(r"sha256:(?P<hex>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key's name, which logs show, and the SHA-256 of its secret."""

    name: str
    digest: bytes

    def __str__(self) -> str:
        """The entry that stands in NUTGRAF_API_KEYS for this key, without its secret."""
        return f"{self.name}:sha256:{self.digest.hex()}"


def parse_keys(value: str | Sequence[ApiKey]) -> tuple[ApiKey, ...]:
    """Read `name:secret` and `name:sha256:HEX` entries, separated by commas.

    Raises ValueError on a malformed entry, a short secret or a name used twice; the message never
    holds a secret.
    """
    if not isinstance(value, str):
        return tuple(value)
    keys = tuple(_parse_key(entry.strip()) for entry in value.split(",") if entry.strip())
    if len({key.name for key in keys}) != len(keys):
        raise ValueError("each API key needs a name of its own")
    return keys


def _parse_key(entry: str) -> ApiKey:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise ValueError("an API key is written name:secret or name:sha256:HEX (see `nutgraf key`)")
    if digest := _DIGEST.fullmatch(match["rest"]):
        return ApiKey(match["name"], bytes.fromhex(digest["hex"]))
    if len(match["rest"]) < MIN_SECRET_CHARS:
        raise ValueError(
            f"the API key {match['name']} is shorter than {MIN_SECRET_CHARS} characters; "
            "`nutgraf key NAME` makes a good one"
        )
    return ApiKey(match["name"], _digest(match["rest"]))


def find_key(keys: Sequence[ApiKey], secret: str) -> ApiKey | None:
    """The key with this secret. Takes the same time whichever key matches, or none."""
    presented = _digest(secret)
    found = None
    for key in keys:
        if secrets.compare_digest(key.digest, presented):
            found = key
    return found


def new_key(name: str) -> tuple[str, ApiKey]:
    """A fresh secret and its key."""
    secret = secrets.token_urlsafe(32)
    return secret, ApiKey(name, _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
