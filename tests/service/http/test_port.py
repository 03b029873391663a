"""The port: taken before the model loads, one line where it cannot be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest

from service.api.app import create_app
from service.api.lifecycle import Service
from service.api.server import Server, configure
from service.http.port import PortRefused, take, url_of
from service.settings import Settings
from tests.support.stand_in_model import StandIn


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])
def test_a_free_port_is_taken_and_not_open_yet(host: str) -> None:
    sockets = take(host, 0)
    (number,) = {one.getsockname()[1] for one in sockets}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", number), timeout=5)
    close(sockets)
    close(take(host, number))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])
def test_a_port_where_somebody_listens_is_refused(listening: socket.socket, host: str) -> None:
    number = listening.getsockname()[1]
    with pytest.raises(PortRefused, match=rf"^port {number} of .*is taken; .*NUTGRAF_PORT$"):
        take(host, number)


def unknown(host: str, *_: object, **__: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("host", ["203.0.113.1", "2001:db8::1", "a..b", "x" * 300])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(PortRefused, match="NUTGRAF_HOST"):
        take(host, 0)


@pytest.mark.parametrize("host", ["news.example", "\x1b[31m", "one\ntwo"])
def test_a_host_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(PortRefused, match="NUTGRAF_HOST") as refused:
        take(host, 0)
    assert str(refused.value).isprintable()


@pytest.mark.anyio
async def test_of_two_that_start_at_once_one_is_refused() -> None:
    """Both can take the port; the second is told when it opens it."""
    model = StandIn()
    mine = take("127.0.0.1", 0)
    settings = Settings(port=mine[0].getsockname()[1])
    others = take("127.0.0.1", settings.port)
    others[0].listen()
    server = Server(configure(create_app(Service(settings, lambda _: model)), settings))
    with pytest.raises(PortRefused, match="is taken"):
        await server.serve(mine)
    close([*mine, *others])


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80"),
        ("0.0.0.0", "http://localhost:80"),
        ("::", "http://localhost:80"),
        ("", "http://localhost:80"),
        ("::1", "http://[::1]:80"),
        ("news.example", "http://news.example:80"),
    ],
)
def test_the_address_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 80) == url
