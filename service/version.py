"""The version of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """The version, or 0 where nutgraf runs without having been installed."""
    try:
        return version("nutgraf")
    except PackageNotFoundError:
        return "0"
