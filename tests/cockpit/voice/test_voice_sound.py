"""Recordings in, word errors counted, noise at the level that was asked for. No model takes part."""

import numpy as np
import pytest

from caravela.cockpit.sayings.phrasing import FOLDER, held_out
from caravela.cockpit.voice.bench import sentences
from caravela.cockpit.voice.noise import babble, engine, mixed
from caravela.cockpit.voice.sound import SoundError, frames_of, joined, resampled, write_wav
from caravela.cockpit.voice.stages import FRAME, RATE, Audio
from caravela.cockpit.voice.word_errors import word_errors

TONE_HZ = 440.0


def tone(seconds, rate=RATE):
    return (8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def pitch_of(samples):
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return np.argmax(spectrum) * RATE / len(samples)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_becomes_16_khz(tmp_path, rate):
    write_wav(tmp_path / "a.wav", Audio(tone(1.0, rate), rate))
    frames = list(frames_of(tmp_path / "a.wav"))
    assert all(frame.shape == (FRAME,) and frame.dtype == np.int16 for frame in frames)
    heard = np.concatenate(frames)
    assert len(heard) / RATE == pytest.approx(1.0, abs=0.05) and pitch_of(heard) == pytest.approx(TONE_HZ, abs=5)


@pytest.mark.parametrize(("codec", "name"), [("pcm_s16le", "a.wav"), ("libmp3lame", "a.mp3"), ("flac", "a.flac")])
def test_stereo_and_compressed_recordings(tmp_path, codec, name):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=44_100)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(tone(1.0, 44_100)[None], format="s16", layout="mono")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler(format=stream.format.name, layout="stereo", rate=44_100, frame_size=stream.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    heard = np.concatenate(list(frames_of(tmp_path / name)))
    assert pitch_of(heard) == pytest.approx(TONE_HZ, abs=5)


def test_what_is_no_recording_is_one_sentence(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("hello")
    write_wav(tmp_path / "nothing.wav", Audio(np.zeros(0, np.int16)))
    for name in ("empty.wav", "text.wav", "nothing.wav", "absent.wav", "."):
        with pytest.raises(SoundError) as error:
            list(frames_of(tmp_path / name))
        assert str(error.value).endswith(".") and "expected" in str(error.value)


def test_a_recording_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("caravela.cockpit.voice.sound.LONGEST_S", 1.0)
    write_wav(tmp_path / "long.wav", Audio(tone(3.0)))
    with pytest.raises(SoundError, match="longer than"):
        list(frames_of(tmp_path / "long.wav"))


def test_answers_are_joined_with_pauses_and_resampled():
    both = joined([Audio(tone(1.0, 24_000), 24_000)] * 2, pause_s=0.5)
    assert both.seconds == pytest.approx(2.5) and len(resampled(both)) / RATE == pytest.approx(2.5, abs=0.01)


def test_an_answer_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(SoundError, match="--out"):
        write_wav(tmp_path / "nowhere" / "a.wav", Audio(tone(0.1)))


@pytest.mark.parametrize("snr_db", [20.0, 5.0])
def test_noise_has_the_level_that_was_asked_for(snr_db):
    speech, rng = tone(2.0), np.random.default_rng(0)
    for noise in (engine(len(speech), rng), babble(len(speech), rng, [tone(0.7), tone(0.9)])):
        heard = mixed(speech, noise, snr_db).astype(float)
        added = heard - speech
        assert 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(added**2)) == pytest.approx(snr_db, abs=0.5)


def test_an_engine_is_low():
    power = np.abs(np.fft.rfft(engine(RATE, np.random.default_rng(0)))) ** 2
    assert power[:500].sum() > 20 * power[500:].sum()


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("turn left at the lights", "Turn left at the lights.", 0),
        ("put it at 30 percent", "Put it at 30%.", 0),
        ("the second of two", "the second of 2", 0),
        ("open the sunroof", "open the sun roof", 2),
        ("open the sunroof", "", 3),
        ("stop", "please stop now", 2),
    ],
)
def test_word_errors(said, heard, errors):
    assert word_errors(said, heard) == (errors, len(said.split()))


def test_the_sentences_of_the_figures_are_in_no_other_set():
    from caravela.cockpit.grading.grader import cabin_tasks
    from caravela.cockpit.grading.judging import drive_tasks

    training = (FOLDER / "training.toml").read_text(encoding="utf-8").lower()
    plain = {sentence.lower().strip(" .!?") for sentence in sentences()}
    assert not [sentence for sentence in plain if sentence in training]
    known = {saying.text for name in ("development", "unseen") for saying in held_out(name)[0]}
    known |= {text for task in cabin_tasks() for _, text in task.say}
    known |= {text for task in drive_tasks() for text in task.say.values()}
    assert len(plain) == len(sentences()) and not plain & {text.lower().strip(" .!?") for text in known}
