"""Voice through the page's server: recordings in, an answer back as text and as sound."""

import json
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from fake_hearing import Hum, hearing, quiet, tone
from fake_studio import Studio, serving
from websockets.sync.client import ClientConnection, connect

from caravela.cockpit.voice.stages import RATE, Samples, Transcript
from caravela.studio.cabin.mouth import Mouth

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
SAYS: list[Transcript] = []  # what is heard next


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    made = hearing()
    made.recogniser.says = SAYS
    with pytest.MonkeyPatch.context() as patch, serving(make_hearing=lambda: made, mouth=Mouth(Hum, able=lambda: True)) as running:
        patch.setattr("caravela.studio.cabin.cabin.STALE_S", 600.0)  # a busy machine recognises late
        with connect(running.url.replace("http", "ws") + "live", max_size=None) as first:
            receive(first, "cabin")  # it is awake
        yield running


@pytest.fixture
def socket(studio: Studio) -> Iterator[ClientConnection]:
    with connect(studio.url.replace("http", "ws") + "live", max_size=None) as opened:
        yield opened


def record(socket: ClientConnection, samples: Samples, mark: str, **fields: object) -> None:
    head = json.dumps({"type": "recorded", "seat": "driver", "mark": mark, "rate": RATE} | fields).encode()
    socket.send(len(head).to_bytes(4, "little") + head + samples.astype("<i2").tobytes())


def receive(socket: ClientConnection, kind: str) -> dict:
    while True:
        data = socket.recv(timeout=120.0)
        if isinstance(data, str) and (message := json.loads(data))["type"] == kind:
            return message


def answered(socket: ClientConnection, mark: str) -> list[dict]:
    """The lines from a recording on, once it is answered."""
    while True:
        found = receive(socket, "cabin")["lines"]
        at = next((index for index, line in enumerate(found) if line["mark"] == mark), None)
        if at is not None and any(line["who"] == "car" for line in found[at + 1 :]):
            return found[at:]


def test_a_page_is_told_that_the_car_hears_and_speaks(socket: ClientConnection) -> None:
    assert receive(socket, "cabin")["voice"] == {"hears": True, "missing": "", "speaks": True, "longest_s": 12.0}


def test_a_recording_opens_the_window_and_the_answer_can_be_heard(studio: Studio, socket: ClientConnection) -> None:
    SAYS.append(Transcript("open the window", 0.95))
    record(socket, np.concatenate([quiet(0.5), tone(1.0), quiet(0.5)]), "open")
    said, reply = answered(socket, "open")[:2]
    assert said["spoken"] and said["text"] == "open the window" and reply["deeds"] == [[WINDOW, 100.0]] and reply["language"] == "en"
    sound = httpx.get(f"{studio.url}spoken/{reply['number']}")
    assert sound.headers["content-type"] == "audio/wav" and sound.content[:4] == b"RIFF"
    missing = httpx.get(f"{studio.url}spoken/{said['number']}")
    assert missing.status_code == 404 and "newest of its own" in missing.json()["error"]


@pytest.mark.parametrize(
    ("samples", "fields", "sentence"),
    [(tone(13.0), {}, "at most 12 s"), (tone(0.0), {}, "0 bytes of sound"), (tone(1.0), {"rate": 8000}, "expected 16000")],
)
def test_a_bad_recording_is_refused_with_its_mark(studio: Studio, socket: ClientConnection, samples, fields: dict, sentence: str) -> None:
    before = studio.cabin.conversation.fields()
    record(socket, samples, "bad", **fields)
    refused = receive(socket, "refused")
    assert sentence in refused["sentence"] and refused["mark"] == "bad" and studio.cabin.conversation.fields() == before


def test_silence_gets_one_answer_and_moves_nothing(socket: ClientConnection) -> None:
    record(socket, quiet(2.0), "silence")
    found = answered(socket, "silence")
    assert [line["text"] for line in found] == ["", "I heard nothing. What would you like?"]
    assert not any(line["deeds"] or line["wishes"] for line in found)


def test_a_doubtful_wish_is_read_back_and_a_click_confirms_it(socket: ClientConnection) -> None:
    SAYS.append(Transcript("stop here", 0.6))
    record(socket, tone(1.0), "doubtful")
    found = answered(socket, "doubtful")
    assert found[1]["text"] == "Did you say: stop here?" and not any(line["wishes"] for line in found)
    socket.send(json.dumps({"type": "read_back", "words": "stop here", "answer": "yes", "seat": "driver"}))
    until = time.monotonic() + 20.0
    while not any(line["wishes"] == ["stop here"] for line in answered(socket, "doubtful")):
        assert time.monotonic() < until, "the wish never came"
