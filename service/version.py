"""The version of this package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """The version that is installed; `0` where the code runs without being installed."""
    try:
        return version("nutgraf")
    except PackageNotFoundError:
        return "0"
