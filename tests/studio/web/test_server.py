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
from caravela.studio.driving.body import CHARGE
from caravela.studio.view.packet import unpack
from caravela.studio.web import serve
from caravela.studio.web.server import PATIENCE, SAYINGS, STATIC

RESPONSIBLE = "Caravela Motors Ltd (authorised self-driving entity)"


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
    for path in ("", "mark.svg", "words/en.json", *(file.name for file in STATIC.iterdir() if file.suffix in (".js", ".css"))):
        answer = httpx.get(studio.url + path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for file in STATIC.rglob("*"):
        if file.is_file():
            text = file.read_text().replace("http://www.w3.org/2000/svg", "")  # the name of a language, never fetched
            assert "http://" not in text and "https://" not in text, file.name


def test_a_page_gets_choices_map_ticks_and_views(socket: ClientConnection) -> None:
    assert receive(socket, "hello")["places"] == ["ring", "bend"]
    assert len(receive(socket, "map")["lanes"]) == 16
    tick = receive(socket, "tick")
    assert tick["responsible"] == {"name": "Caravela Motors Ltd", "role": "authorised self-driving entity"} and tick["mode"] == "L4"
    assert tick["signals"]["Vehicle.Speed"] == pytest.approx(3.6 * tick["ego"]["speed"], abs=0.1)
    assert tick["plan"] == "isolated" and tick["condition"] == "mild" and 0.0 < tick["signals"][CHARGE] <= 100.0
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


def lines(cabin: dict) -> list[tuple[str, str]]:
    return [(line["who"], line["text"]) for line in cabin["lines"]]


def told(socket: ClientConnection, words: str, mark: str) -> list[dict]:
    """Say something; the lines from there on, once it is answered."""
    send(socket, type="say", words=words, mark=mark)
    return answered_to(socket, mark)


def answered_to(socket: ClientConnection, mark: str) -> list[dict]:
    """The lines from a saying on, once it is answered."""
    while True:
        found = receive(socket, "cabin")["lines"]
        at = next((index for index, line in enumerate(found) if line["mark"] == mark), None)
        if at is not None and any(line["who"] == "car" for line in found[at + 1 :]):
            return found[at:]


def test_words_reach_the_agent_and_its_wish_the_policy(socket: ClientConnection) -> None:
    answered = told(socket, "please   stop here", "a")
    assert answered[1]["text"] == "I stop at the next safe place." and answered[1]["wishes"] == ["stop here"]
    receive(socket, "tick", words="stop here, please")
    wait_for(lambda: receive(socket, "tick")["ego"]["acceleration"] == -1.0)
    answered = told(socket, "take that back", "taken")
    assert answered[1]["text"].startswith("I stop all the same")
    told(socket, "drive on", "on")
    receive(socket, "tick", words="carry on")


def test_the_button_that_takes_back_speaks_for_a_seat_and_ends_no_stop(socket: ClientConnection) -> None:
    told(socket, "please stop here", "stop")
    send(socket, type="take_back", seat="rear_driver", mark="back")
    answered = answered_to(socket, "back")
    assert answered[0]["seat"] == "rear_driver"
    assert any(line["text"].startswith("I stop all the same") for line in answered)
    receive(socket, "tick", words="stop here, please")
    told(socket, "drive on", "on again")


def test_what_was_said_is_there_for_a_page_that_comes_later(studio: Studio, socket: ClientConnection) -> None:
    told(socket, "open the window", "b")
    with connect(studio.url.replace("http", "ws") + "live", max_size=None) as late:
        assert ("person", "open the window") in lines(receive(late, "cabin"))


def test_a_saying_that_is_sent_twice_is_heard_once(socket: ClientConnection) -> None:
    told(socket, "a bit warmer please", "twice")
    send(socket, type="say", words="a bit warmer please", mark="twice")
    found = told(socket, "what is the limit", "after")
    assert [line["mark"] for line in found if line["mark"]] == ["after"]


def test_a_page_that_goes_in_the_middle_of_a_command_leaves_the_rest_to_the_car(studio: Studio, socket: ClientConnection) -> None:
    before = len(studio.asked)
    with create_connection(("127.0.0.1", studio.port)) as plain:  # a websocket that dies within a frame
        plain.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        plain.recv(4096)
        plain.sendall(bytes([0x81, 0xFE, 0x00, 0x7E, 1, 2, 3, 4]) + b'{"type": "say", "wo')  # 126 bytes announced
    time.sleep(0.3)
    assert len(studio.asked) == before
    with connect(studio.url.replace("http", "ws") + "live") as brief:
        send(brief, type="say", words="close the window", mark="gone")
    answered = told(socket, "thank you", "still here")
    assert answered
    assert ("person", "close the window") in lines({"lines": list(studio.cabin.conversation.fields())})


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "I heard nothing"),
        ("   ", "I heard nothing"),
        ("x" * 10_000, "too long"),
        ("请打开窗户 und fahr schneller", "English"),
        ("turn left and turn right", "exclude each other"),
        ("open the window and close the window", "exclude each other"),
        ("§$%&/()=?`*'_:;", None),
    ],
)
def test_bad_input_gets_a_clear_answer_and_moves_nothing(studio: Studio, socket: ClientConnection, words: str, answer: str | None) -> None:
    time.sleep(1.0)
    asked, signals = len(studio.asked), dict(studio.cabin.signals)
    found = told(socket, words, f"bad {words[:20]}")
    assert answer is None or answer in found[1]["text"]
    assert found[1]["text"] and not found[1]["deeds"] and not found[1]["wishes"]
    still = {path for path, value in studio.cabin.signals.items() if value != signals[path]}
    assert len(studio.asked) == asked and still <= {"Vehicle.Speed", "Vehicle.Powertrain.TractionBattery.Range"}


def test_too_much_said_at_once_is_refused_with_its_mark(studio: Studio) -> None:
    with connect(studio.url.replace("http", "ws") + "live", max_size=None) as chatty:
        for index in range(SAYINGS[0] + 3):
            send(chatty, type="say", words="thank you", mark=f"chat {index}")
        refused = receive(chatty, "refused")
        assert "too much was said" in refused["sentence"] and refused["mark"].startswith("chat")


def test_a_page_that_floods_is_shut_out_and_the_others_go_on(studio: Studio, socket: ClientConnection) -> None:
    with connect(studio.url.replace("http", "ws") + "live", max_size=None) as flood:
        with suppress(ConnectionClosed):
            for _ in range(PATIENCE + 400):
                flood.send("{}")
        wait_for(lambda: closed(flood))
    receive(socket, "tick")


def test_events_carry_who_was_responsible(socket: ClientConnection) -> None:
    wait_for(lambda: any(event["kind"] == "red_light" for event in receive(socket, "tick")["events"]))
    event = next(event for event in receive(socket, "tick")["events"] if event["kind"] == "red_light")
    assert event["responsible"] == RESPONSIBLE and event["detail"] == "ran the red"


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
        ({"type": "engage", "mode": "L3"}, "expected L2 or L4"),
        ({"type": "controls", "acceleration": 40.0, "curvature": 0.0}, "acceleration"),
        ({"type": "controls", "acceleration": float("nan"), "curvature": 0.0}, "acceleration"),
        ({"type": "offer", "service": "rain", "answer": "maybe"}, "unknown answer"),
        ({"type": "say", "words": "hello", "seat": "boot"}, "unknown seat"),
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
