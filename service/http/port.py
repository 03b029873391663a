"""The port: taken before the model is loaded, open when the model is ready."""

from __future__ import annotations

import errno
import ipaddress
import socket

from models.errors import NutgrafError

NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class PortRefused(NutgrafError):
    """The service cannot listen on this address or port."""


def take(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, all on one port; none of them listens yet.

    Port 0 is a free one. Raises PortRefused.
    """
    taken: list[socket.socket] = []
    try:
        for family, address in _addresses(host):
            if (bound := _bound(family, address, port)) is not None:
                taken.append(bound)
                port = bound.getsockname()[1]
    except OSError as error:
        for bound in taken:
            bound.close()
        raise refusal(host, port, error) from None
    if not taken:
        raise PortRefused(f"{_shown(host)}: this machine has no such address; see NUTGRAF_HOST")
    return taken


def refusal(host: str, port: int, error: OSError) -> PortRefused:
    """What is wrong with a port, and the way out."""
    if error.errno == errno.EADDRINUSE:
        return PortRefused(
            f"port {port} of {_shown(host)} is taken; stop what listens there, or name another "
            "with --port or NUTGRAF_PORT"
        )
    return PortRefused(f"port {port} of {_shown(host)} cannot be opened: {error.strerror}")


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds the service."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host or 'localhost'}:{port}"
    if address.is_unspecified:
        return f"http://localhost:{port}"
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def _addresses(host: str) -> list[tuple[int, str]]:
    """The families and addresses of a host. Raises PortRefused."""
    try:
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        raise PortRefused(f"{_shown(host)}: no such host is known; see NUTGRAF_HOST") from None
    return list(dict.fromkeys((family, str(address[0])) for family, *_, address in found))


def _bound(family: int, address: str, port: int) -> socket.socket | None:
    """A socket at an address; None where this machine does not have it. Raises OSError."""
    made: socket.socket | None = None
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
    except OSError as error:
        if made is not None:
            made.close()
        if error.errno in NOT_HERE:
            return None
        raise
    return made


def _shown(host: str) -> str:
    return ascii(host)[1:-1]
