"""Every decision of the operator in one frozen object, from NUTGRAF_* variables or flags."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import models
from models.article import HIGHEST_ERROR, Options, Tier
from models.errors import NutgrafError
from service import validation
from service.keys import ApiKey, parse_keys

SHIPPED_MODEL = Path(models.__file__).parent / "nutgraf-mini"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
PREFIX = "NUTGRAF_"
RUN_DIRECTORY = f"{PREFIX}RUN_DIRECTORY"
"""Set by the parent of several workers, for them."""
TEST_PREFIX = f"{PREFIX}TEST_"
SEE_HELP = "`nutgraf serve --help` lists them"
DAY_S = 86_400.0


class SettingsRefused(NutgrafError):
    """A setting is not valid. The message names it and never holds its value."""


def _split(value: str | Sequence[str]) -> Sequence[str]:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _join(parts: Sequence[object]) -> str:
    return ",".join(map(str, parts))


Keys = Annotated[tuple[ApiKey, ...], NoDecode, BeforeValidator(parse_keys), PlainSerializer(_join)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), PlainSerializer(_join)]


def _known_device(value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,2})?", value, re.ASCII):
        raise ValueError("a device is written auto, cpu, cuda or cuda:N")
    return value


class Settings(BaseSettings):
    """What the operator decides: NUTGRAF_* variables, or these flags."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
    )

    model: Path = Field(
        default=SHIPPED_MODEL,
        description="Directory of the model artifact, or of a registry, which is followed.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes, each with a model of its own: one per GPU."
    )

    device: Annotated[str, AfterValidator(_known_device)] = Field(
        default="auto", description="auto, cpu, cuda or cuda:N; auto spreads workers over the GPUs."
    )
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="Number format of the model; auto is bfloat16 where it is fast."
    )
    reader: Tier | None = Field(
        default=None,
        description="Reader that judges where a request names none: full or fast; the best it has.",
    )
    max_error: float | None = Field(
        default=None,
        gt=0,
        lt=HIGHEST_ERROR,
        description="Share of labels that may be wrong, where a request names none.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="CPU threads of the model; all cores, shared among the workers.",
    )
    prepare_processes: int | None = Field(
        default=None,
        ge=0,
        le=256,
        description="Processes that prepare articles; one a core. 0: this one, without a limit.",
    )
    max_batch_tokens: int = Field(
        default=8192,
        ge=512,
        le=2**24,
        description="Most padded tokens in one batch; lowered when memory is short.",
    )
    max_queue_items: int = Field(
        default=256,
        ge=1,
        le=2**20,
        description="Most articles of a lane admitted and unanswered; then 429.",
    )

    data: Path | None = Field(
        default=None,
        description="Directory of jobs and feedback, shared by all replicas; none: neither.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of jobs and feedback; a SQLite file in their directory.",
    )
    job_lease_s: float = Field(
        default=30.0,
        gt=0,
        le=DAY_S,
        description="How long after its replica's death a job is taken over.",
    )
    job_retention_s: float = Field(
        default=7 * DAY_S,
        gt=0,
        le=3650 * DAY_S,
        description="How long an ended job and its results are kept.",
    )
    max_job_bytes: int = Field(
        default=2**30, ge=1024, le=2**44, description="Longest file of a job."
    )
    keep_texts: bool = Field(
        default=False,
        description="Keep the texts and answers of POST /v1/analyze, and texts of corrections.",
    )
    retention_days: float = Field(
        default=30.0,
        gt=0,
        le=3650,
        description="Days after which kept texts, answers and corrections erase themselves.",
    )

    request_timeout_ms: int = Field(
        default=30_000,
        ge=1,
        le=86_400_000,
        description="Longest wait for the model; X-Request-Timeout-Ms shortens it.",
    )
    receipt_timeout_s: float = Field(
        default=15.0,
        gt=0,
        le=DAY_S,
        description="Longest time to send headers, a body, or the next article of a stream.",
    )
    drain_timeout_s: float = Field(
        default=30.0,
        ge=0,
        le=DAY_S,
        description="Longest time after SIGTERM to answer what was accepted.",
    )
    max_body_bytes: int = Field(
        default=2 * 2**20,
        ge=1024,
        le=2**30,
        description="Longest body, or line of a bulk stream.",
    )

    api_keys: Keys = Field(
        default=(),
        description="name:secret or name:sha256:HEX, comma-separated; none: loopback only.",
    )
    admin_keys: Keys = Field(default=(), description="Keys that may also reload the model.")
    allow_open: bool = Field(
        default=False, description="Serve without keys on any address: the network is trusted."
    )
    allowed_hosts: Hosts = Field(
        default=(), description="Host names to answer to; on loopback its own names, else any."
    )

    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Format of the log; auto is text on a terminal, else json."
    )

    @model_validator(mode="after")
    def _keys_have_names_of_their_own(self) -> Self:
        names = [key.name for key in (*self.api_keys, *self.admin_keys)]
        if len(set(names)) != len(names):
            raise ValueError("an API key and an admin key share a name; give each its own")
        return self

    @model_validator(mode="after")
    def _texts_have_a_place(self) -> Self:
        if self.keep_texts and self.data is None:
            raise ValueError("NUTGRAF_KEEP_TEXTS needs a place: set NUTGRAF_DATA too")
        return self

    @property
    def retention_s(self) -> float:
        """How long feedback is kept."""
        return self.retention_days * DAY_S

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """All keys that open the service."""
        return (*self.api_keys, *self.admin_keys)

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine could use the service without a key."""
        return not (self.is_loopback or self.keys or self.allow_open)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names to answer to; empty is any."""
        if self.allowed_hosts or not self.is_loopback:
            return self.allowed_hosts
        return tuple(dict.fromkeys((*LOOPBACK_HOSTS, self.host)))

    def applied(self, options: Options) -> Options:
        """What is asked, with the operator's limit on errors where none is named."""
        return replace(options, max_error=options.max_error or self.max_error)

    def public(self) -> dict[str, Any]:
        """The effective settings that may be shown: no key, no path."""
        hidden = {"api_keys", "admin_keys", "model", "host", "port", "allowed_hosts"}
        hidden |= {"data", "database_url"}
        return self.model_dump(mode="json", exclude=hidden)

    def environment(self) -> dict[str, str]:
        """The NUTGRAF_* variables from which a worker process reads these settings again."""
        return {
            _variable(name): str(value)
            for name, value in self.model_dump(mode="json").items()
            if value is not None
        }


def read(**given: Any) -> Settings:
    """The settings: those given, and the others from the environment.

    Raises SettingsRefused. A NUTGRAF_ variable that is no setting is warned of on standard error.
    """
    for warning in unknown_variables(os.environ):
        print(f"nutgraf: {warning}", file=sys.stderr)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsRefused(_sentence(error)) from None


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each NUTGRAF_ variable that is no setting."""
    for name in sorted(environment):
        prefix, found = name[: len(PREFIX)].upper(), name[len(PREFIX) :].lower()
        is_ours = found in Settings.model_fields or name == RUN_DIRECTORY
        if prefix == PREFIX and not is_ours and not name.startswith(TEST_PREFIX):
            near = validation.nearest(found, Settings.model_fields)
            advice = f"did you mean {_variable(near)}?" if near else SEE_HELP
            yield f"{ascii(name)[1:-1]} is no setting and has no effect; {advice}"


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = _variable("_".join(str(step) for step in first["loc"]))
    message = validation.plain(first)
    return f"{name}: {message}" if first["loc"] else message
