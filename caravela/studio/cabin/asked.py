"""What is asked of the cabin: what people say, typed or by voice, what they answer to what is open, and who is aboard."""

from dataclasses import dataclass

from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.tool import Place
from caravela.cockpit.voice.stages import RATE, Samples, Transcript


@dataclass(frozen=True)
class Occupants:
    """What a cabin camera would see; a simulated car is told it on the page."""

    asleep: bool = False
    unwell: bool = False
    child: bool = False


@dataclass(frozen=True)
class Said:
    """Typed words."""

    words: str
    seat: Place = Place.DRIVER
    mark: str = ""


@dataclass(frozen=True)
class Recorded:
    """What was recorded while a page's button was held: `samples` (n,) int16 at 16 kHz."""

    samples: Samples
    seat: Place = Place.DRIVER
    mark: str = ""

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


@dataclass(frozen=True)
class Heard:
    """What a recording was recognised as, `transcript` None for silence. `began_s` and `ended_s` are the cabin's time of its first and
    last sample."""

    transcript: Transcript | None
    began_s: float
    ended_s: float
    seat: Place = Place.DRIVER
    mark: str = ""


@dataclass(frozen=True)
class AnswerOffer:
    """`answer` to the offer of `service`, if that is the one that is open; `never` switches the service off too."""

    service: str
    answer: Answer
    never: bool = False
    seat: Place = Place.DRIVER


@dataclass(frozen=True)
class AnswerClient:
    """`answer` to the question whether `client` may use `scope`, if that is the one that is open."""

    client: str
    scope: str
    answer: Answer
    seat: Place = Place.DRIVER


@dataclass(frozen=True)
class AnswerReadBack:
    """`answer` to the question whether `words` were said, if they are what was read back to this seat."""

    words: str
    answer: Answer
    seat: Place = Place.DRIVER


@dataclass(frozen=True)
class SwitchOffers:
    on: bool


@dataclass(frozen=True)
class Noted:
    """What became of a wish on its way to the driver."""

    text: str


CabinAsk = Said | Recorded | Heard | AnswerOffer | AnswerClient | AnswerReadBack | SwitchOffers | Occupants | Noted
