"""The car's voice on the page: a line of the conversation as sound, made when a page asks for it. It loads at its first use, and speaks English
only."""

import io
import threading
import wave
from collections import OrderedDict
from collections.abc import Callable

from caravela.cockpit.voice.packaged import HibariSpeaker, can_speak
from caravela.cockpit.voice.stages import Audio, Speaker

KEPT = 32  # sentences, for other pages that show the same


class Mouth:
    """Says sentences, one at a time, from any thread. `able` tells whether there is a voice."""

    def __init__(self, make: Callable[[], Speaker] = HibariSpeaker, *, able: Callable[[], bool] = can_speak) -> None:
        self._make, self.able = make, able()
        self._speaker: Speaker | None = None
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def say(self, text: str) -> bytes:
        """A .wav of `text`. Raises VoiceMissing where there is no voice."""
        with self._lock:
            if text not in self._kept:
                self._speaker = self._speaker or self._make()
                self._kept[text] = wav(self._speaker.speak(text))
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return self._kept[text]


def wav(audio: Audio) -> bytes:
    """16-bit mono."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.rate)
        file.writeframes(audio.samples.astype("<i2").tobytes())
    return buffer.getvalue()
