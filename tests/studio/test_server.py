"""The page's server as a page and a stranger see it."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from socket import create_connection

import httpx
import pytest
from fake_studio import Studio, wait_for
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from caravela.core.errors import CaravelaError
from caravela.studio import serve
from caravela.studio.packet import unpack


@pytest.fixture
def socket(studio: Studio) -> Iterator[ClientConnection]:
    with connect(studio.url.replace("http", "ws") + "live", max_size=None) as opened:
        yield opened


def receive(socket: ClientConnection, kind: str, *, seconds: float = 10.0, **fields: object) -> dict:
    """The next message of a kind with these fields; others are passed over. Blobs are under "blob"."""
    until = time.monotonic() + seconds
    while True:
        data = socket.recv(timeout=max(until - time.monotonic(), 0.0))
        if isinstance(data, bytes):
            head, blobs = unpack(data)
            message = head | {"blob": blobs}
        else:
            message = json.loads(data)
        if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
            return message


def send(socket: ClientConnection, **fields: object) -> None:
    socket.send(json.dumps(fields))


def test_the_page_and_its_parts_are_served_with_a_content_security_policy(studio: Studio) -> None:
    for path in ("", "app.js", "view.js", "topview.js", "panels.js", "live.js", "style.css", "mark.svg"):
        answer = httpx.get(studio.url + path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_loads_nothing_from_elsewhere(studio: Studio) -> None:
    for path in ("", "app.js", "view.js", "topview.js", "panels.js", "live.js", "style.css"):
        text = httpx.get(studio.url + path).text
        assert "http://" not in text and "https://" not in text, path


def test_a_page_gets_choices_map_ticks_and_views(socket: ClientConnection) -> None:
    assert receive(socket, "hello")["places"] == ["ring", "bend"]
    assert len(receive(socket, "map")["lanes"]) == 16
    tick = receive(socket, "tick")
    assert tick["responsible"] == "system"
    assert tick["ego"]["limit"] == pytest.approx(13.89)
    assert len(tick["others"]) == 4
    assert tick["insight"]["stop_distance"] is None  # infinity is no JSON
    assert len(tick["values"]) == 16 and len(tick["blob"]["lines"]) == 16 * 20 * 2 * 4
    assert tick["blob"]["policy"][:2] == b"\xff\xd8"
    view = receive(socket, "view")
    assert view["blob"]["view"][:2] == b"\xff\xd8" and view["camera"]["focal"] > 0


def test_every_stage_has_its_percentiles(socket: ClientConnection) -> None:
    def complete() -> bool:
        times = receive(socket, "tick")["latency_ms"]
        return {"plan", "plan: vision", "plan: action", "world", "view", "encode", "send", "tick"} <= set(times) and times["plan"][
            "p99"
        ] >= times["plan"]["p50"]

    wait_for(complete)


def test_words_reach_the_policy_and_the_log(studio: Studio, socket: ClientConnection) -> None:
    send(socket, type="say", words="stop   here")
    tick = receive(socket, "tick", words="stop here")
    assert [event["detail"] for event in tick["events"] if event["kind"] == "words"][-1] == "“stop here”"
    assert studio.loop._drive.stage.world.asked[-1] == "stop here"
    wait_for(lambda: receive(socket, "tick")["ego"]["acceleration"] == -1.0)
    send(socket, type="say", words="")
    receive(socket, "tick", words="")


def test_events_carry_who_was_responsible(socket: ClientConnection) -> None:
    wait_for(lambda: any(event["kind"] == "red_light" for event in receive(socket, "tick")["events"]))
    event = next(event for event in receive(socket, "tick")["events"] if event["kind"] == "red_light")
    assert event["responsible"] == "system" and event["detail"] == "ran the red"


def test_pause_step_and_go_on(socket: ClientConnection) -> None:
    send(socket, type="pause", paused=True)
    receive(socket, "status", phase="paused")
    time.sleep(0.3)
    while True:  # drain
        try:
            socket.recv(timeout=0.05)
        except TimeoutError:
            break
    send(socket, type="step")
    first = receive(socket, "tick")
    with pytest.raises(TimeoutError):
        receive(socket, "tick", seconds=0.4)
    send(socket, type="step")
    assert receive(socket, "tick")["tick"] == first["tick"] + 1
    send(socket, type="pause", paused=False)
    receive(socket, "status", phase="driving")
    assert receive(socket, "tick")["tick"] > first["tick"] + 1


def test_restart_begins_another_drive(socket: ClientConnection) -> None:
    before = receive(socket, "tick")["drive"]
    send(socket, type="restart", place="bend", weather="night", traffic="none", seed=7)
    status = receive(socket, "status", phase="driving")
    assert status["settings"] == {"town": "bend", "map": None, "weather": "night", "traffic": "none", "seed": 7}
    tick = receive(socket, "tick")
    assert tick["drive"] == before + 1 and tick["tick"] < 20 and tick["distance_m"] < 20


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"type": "restart", "place": "rnig", "weather": "day", "traffic": "none", "seed": 0}, "did you mean ring"),
        ({"type": "restart", "place": "ring", "weather": "hail", "traffic": "none", "seed": 0}, "unknown weather"),
        ({"type": "restart", "place": "ring", "weather": "day", "traffic": "none", "seed": -1}, "seed"),
        ({"type": "restart", "place": "ring", "weather": "day", "traffic": "none", "seed": 1.5}, "seed"),
        ({"type": "say", "words": 5}, "words"),
        ({"type": "say", "words": "faster " * 100}, "at most 400"),
        ({"type": "fly"}, "unknown request"),
        ({}, "type"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(socket: ClientConnection, fields: dict, sentence: str) -> None:
    socket.send(json.dumps(fields))
    refused = receive(socket, "refused")["sentence"]
    assert sentence in refused and "\n" not in refused
    receive(socket, "tick")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 10_000, "\x00\xff"])
def test_nonsense_is_refused(socket: ClientConnection, text: str) -> None:
    socket.send(text)
    receive(socket, "refused")
    receive(socket, "tick")


def test_a_request_of_100_kb_is_refused_and_the_drive_goes_on(studio: Studio, socket: ClientConnection) -> None:
    send(socket, type="say", words="x" * 100_000)
    assert "at most 16,384 are read" in receive(socket, "refused")["sentence"]
    receive(socket, "tick")
    answer = httpx.post(studio.url, content=b"x" * 100_000)
    assert answer.status_code == 413 and "say it shorter" in answer.json()["error"]
    assert " 200 " not in raw(studio, "GET /?q=" + "x" * 100_000 + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert httpx.get(studio.url).status_code == 200


def test_a_request_of_10_mb_ends_that_page_only(studio: Studio) -> None:
    with connect(studio.url.replace("http", "ws") + "live") as greedy:
        with suppress(ConnectionClosed):  # it is cut off, maybe before all is sent
            greedy.send("x" * 10_000_000)
        wait_for(lambda: closed(greedy))
    assert httpx.get(studio.url).status_code == 200


def raw(studio: Studio, request: str) -> str:
    """The beginning of the answer to a request of any shape; nothing where the server hangs up."""
    with create_connection(("127.0.0.1", studio.port)) as plain:
        with suppress(OSError):
            plain.sendall(request.encode())
            return plain.recv(1000).decode()
    return ""


def closed(socket: ClientConnection) -> bool:
    try:
        socket.recv(timeout=1.0)
    except TimeoutError:
        return False
    except Exception:
        return True
    return False


def test_pages_of_other_sites_are_refused(studio: Studio) -> None:
    address = studio.url.replace("http", "ws") + "live"
    for origin in ("http://example.org", "null", f"http://localhost:{studio.port + 1}"):
        with pytest.raises(InvalidStatus):
            connect(address, origin=origin)
    with connect(address, origin=studio.url.rstrip("/")) as own:
        receive(own, "tick")
    assert httpx.get(studio.url, headers={"host": "example.org"}).status_code == 421


def test_two_pages_see_the_same_drive_and_one_may_leave(studio: Studio, socket: ClientConnection) -> None:
    with connect(studio.url.replace("http", "ws") + "live") as other:
        assert receive(other, "tick")["drive"] == receive(socket, "tick")["drive"]
    receive(socket, "tick")


def test_a_port_in_use_is_told_in_one_sentence(studio: Studio) -> None:
    with pytest.raises(CaravelaError, match=f"port {studio.port} is in use; give another with --port"):
        serve.bind(studio.port)
    with pytest.raises(CaravelaError, match="does not exist"):
        serve.bind(70_000)
