"""Who gets to the page, on loopback and beyond it."""

import socket as sockets
from collections.abc import Iterator

import httpx
import pytest
from fake_studio import Studio, serving
from starlette.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from caravela.studio.web.guard import BURST, COOKIE, WRONG_BURST, Door, Guard, is_loopback, same_origin


@pytest.fixture(scope="module")
def open_studio() -> Iterator[Studio]:
    """A page that listens at every address of this machine."""
    with serving(host="0.0.0.0") as running:
        yield running


def test_beyond_loopback_nothing_is_served_without_the_token(open_studio: Studio) -> None:
    for path in ("", "app.js", "themes.css", "words/en.json", "frontier.json", "card.json", "clips/1", "spoken/1"):
        answer = httpx.get(open_studio.url + path, headers={"authorization": f"Bearer {open_studio.door.token}"})
        assert answer.status_code in (200, 404), path
        assert httpx.get(open_studio.url + path).status_code == 401, path


def test_the_address_with_the_token_opens_the_page_and_loses_the_token(open_studio: Studio) -> None:
    with httpx.Client() as browser:
        first = browser.get(f"{open_studio.url}?token={open_studio.door.token}")
        assert first.status_code == 303 and first.headers["location"] == "/"
        cookie = first.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert browser.get(open_studio.url).status_code == 200


def test_the_websocket_needs_the_token_too(open_studio: Studio) -> None:
    address = open_studio.url.replace("http", "ws") + "live"
    with pytest.raises(InvalidStatus):
        connect(address, additional_headers={"cookie": f"{COOKIE}=wrong"})
    with connect(address, additional_headers={"cookie": f"{COOKIE}={open_studio.door.token}"}, max_size=None) as own:
        assert "hello" in own.recv(timeout=5.0)


def test_guessing_is_slowed_down() -> None:
    clock = [0.0]
    guard = Guard(lambda *_: None, door=Door("192.0.2.7", "secret"), clock=lambda: clock[0])
    statuses = [guard._refusal(scope(host="192.0.2.7", query=b"token=guess"), headers(host="192.0.2.7"))[0] for _ in range(WRONG_BURST + 1)]
    assert statuses == [401] * WRONG_BURST + [429]
    assert guard._refusal(scope(host="192.0.2.7", query=b"token=secret"), headers(host="192.0.2.7")) is None


def test_too_many_requests_of_one_address_wait() -> None:
    clock = [0.0]
    guard = Guard(lambda *_: None, door=Door(), clock=lambda: clock[0])
    ask = lambda client: guard._refusal(scope(client=client), headers())  # noqa: E731
    assert [ask("198.51.100.1") for _ in range(BURST)] == [None] * BURST
    assert ask("198.51.100.1")[0] == 429 and ask("198.51.100.2") is None
    clock[0] = 10.0
    assert ask("198.51.100.1") is None


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "x;script-src *@127.0.0.1", "", "localhost.evil.test:8020"])
def test_a_foreign_name_is_no_name_of_ours(host: str) -> None:
    assert not Door().knows(host) and not Door("0.0.0.0", "secret").knows(host)


def test_beyond_loopback_an_address_or_the_machines_own_name_will_do() -> None:
    door = Door("0.0.0.0", "secret")
    assert all(door.knows(host) for host in ("192.0.2.7:8020", "[2001:db8::1]:8020", f"{sockets.gethostname()}:8020", "localhost:8020"))
    assert not Door().knows("192.0.2.7:8020")


def test_a_door_beyond_loopback_has_a_long_token_of_its_own() -> None:
    doors = [Door.at("0.0.0.0"), Door.at("192.0.2.7")]
    assert all(door.token is not None and len(door.token) >= 30 for door in doors) and doors[0].token != doors[1].token
    assert all(Door.at(host).token is None and is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"))
    assert doors[0].opens_for(doors[0].token) and not doors[0].opens_for("") and not doors[0].opens_for("é" * 32)


def test_a_page_of_another_origin_is_foreign() -> None:
    assert same_origin(headers(host="127.0.0.1:8020"))
    assert same_origin(headers(host="127.0.0.1:8020", origin="http://127.0.0.1:8020"))
    assert not same_origin(headers(host="127.0.0.1:8020", origin="http://127.0.0.1:8021"))
    assert not same_origin(headers(host="127.0.0.1:8020", origin="null"))


def headers(**fields: str) -> Headers:
    return Headers({"host": "127.0.0.1", **fields})


def scope(*, client: str = "198.51.100.9", host: str = "127.0.0.1", query: bytes = b"") -> dict:
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": query,
        "client": (client, 1),
        "headers": [(b"host", host.encode())],
    }
