"""How a page's recordings are read."""

import json

import numpy as np
import pytest
from fake_hearing import tone

from caravela.cockpit.tool import Place
from caravela.cockpit.voice.stages import RATE
from caravela.studio.cabin.asked import Said
from caravela.studio.cabin.ears import LONGEST_S
from caravela.studio.live.asks import BadRecording, Choices, parse_ask, parse_recorded

HEAD = {"type": "recorded", "seat": "passenger", "mark": "page-1", "rate": RATE}


def recorded(sound: bytes, **fields: object) -> bytes:
    head = json.dumps(HEAD | fields).encode()
    return len(head).to_bytes(4, "little") + head + sound


def test_a_recording_is_read_whole() -> None:
    found = parse_recorded(recorded(tone(1.0).tobytes()))
    assert found.seat is Place.PASSENGER and found.mark == "page-1" and found.seconds == 1.0
    assert np.array_equal(found.samples, tone(1.0))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"", "does not begin with"),
        (b"\xff\xff\xff\x7f{}", "does not begin with"),
        (b"\x02\x00\x00\x00[]" + bytes(100), "does not begin with"),
        (b"RIFF" + bytes(1000), "does not begin with"),
        (recorded(bytes(100), type="say"), "does not begin with"),
        (recorded(b""), "has 0 bytes of sound"),
        (recorded(bytes(1001)), "has 1,001 bytes of sound"),
        (recorded(bytes(100), rate=44_100), "has 44100 samples a second; expected 16000"),
        (recorded(bytes(100), rate=None), "has None samples a second"),
        (recorded(tone(LONGEST_S + 1.0).tobytes()), "is 13 s long; at most 12 s are heard"),
        (recorded(bytes(100), seat="boot"), "unknown seat"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(message: bytes, sentence: str) -> None:
    with pytest.raises(BadRecording, match=sentence) as refused:
        parse_recorded(message)
    assert "\n" not in str(refused.value)
    assert refused.value.mark == ("page-1" if b"recorded" in message else "")


def test_what_is_taken_back_goes_the_way_of_words_and_bears_its_seat() -> None:
    asked = parse_ask(json.dumps({"type": "take_back", "seat": "rear_driver"}), choices=Choices((), (), ()))
    assert asked == (Said("take that back", Place.REAR_DRIVER),)
