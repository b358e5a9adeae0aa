"""The cabin of the page's car: the cockpit's agent, its offers and the consents for other agents, in a thread of its own, so that
understanding a sentence never holds up a tick. It sees the drive by glances, asks of it by typed requests through the gate, and tells
every page the same: the conversation, what is open, how the cabin is set."""

import queue
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from caravela.cockpit.agent import CockpitAgent, Response
from caravela.cockpit.clients.consent import Consents
from caravela.cockpit.clients.doorbell import OPEN_S as CONSENT_OPEN_S
from caravela.cockpit.clients.doorbell import Doorbell
from caravela.cockpit.gate import Gate
from caravela.cockpit.intents import Answer
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.offers import OPEN_S, Moment, Offers
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Place
from caravela.cockpit.tools import catalogue
from caravela.cockpit.understanding import Understanding
from caravela.core.errors import CaravelaError
from caravela.core.request import Request
from caravela.core.signals import Signals
from caravela.core.units import to_kph
from caravela.studio.cabin.conversation import Conversation, Tone, Who
from caravela.studio.cabin.glance import Glance
from caravela.studio.driving.body import CHARGE, RANGE

LOOK_S = 0.25  # s between two looks at the drive
MOST_UNHEARD = 32  # sayings that wait to be heard
BUSY = "I have not answered what was said before. Please say that again in a moment."
FAULT = "Something in my understanding went wrong, so I did nothing. Please say it another way."
GONE = "That question is no longer open; nothing was done."
TOO_SOON = "That question had only just come; please answer it again."


@dataclass(frozen=True)
class Occupants:
    """What a cabin camera would see; a simulated car is told it on the page."""

    asleep: bool = False
    unwell: bool = False
    child: bool = False


# What a page asks of the cabin.
@dataclass(frozen=True)
class Said:
    words: str
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
class SwitchOffers:
    on: bool


@dataclass(frozen=True)
class Noted:
    """What became of a wish on its way to the driver."""

    text: str


CabinAsk = Said | AnswerOffer | AnswerClient | SwitchOffers | Occupants | Noted


@dataclass
class Cabin:
    """Everything that is said and set in the car. `request` hands a wish to driving, `publish` gets what pages show. `kept` remembers the
    offers that were switched off, `consents` what other agents may do. `clock` counts seconds."""

    request: Callable[[Request], None]
    publish: Callable[[dict[str, Any]], None]
    kept: Path | None = None
    consents: Consents = field(default_factory=Consents)
    clock: Callable[[], float] = time.monotonic
    make_understanding: Callable[[], Understanding] = Understanding
    explain: Callable[[str, str], str | None] = lambda about, words: None  # see CockpitAgent

    def __post_init__(self) -> None:
        self.lock = threading.RLock()  # over agent, gate, offers and door: other agents come from another thread
        self.signals = Signals(catalogue())
        self.gate = Gate(self.signals, self._asked_for)
        self.conversation = Conversation()
        self.offers = Offers(self.gate, self.kept)
        self.doorbell = Doorbell(self.consents, tell=self._ring, free=self._free)
        self.occupants = Occupants()
        self._agent: CockpitAgent | None = None
        self._glance = Glance()
        self._asks: queue.Queue[CabinAsk | None] = queue.Queue(MOST_UNHEARD)
        self._thread = threading.Thread(target=self._run, name="cabin", daemon=True)
        self._told: dict[str, Any] = {}
        self._began = self.clock()

    # --- from other threads ---

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._asks.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def ask(self, ask: CabinAsk) -> None:
        """Hand something to the cabin. Raises CaravelaError where too much waits already."""
        try:
            self._asks.put_nowait(ask)
        except queue.Full:
            raise CaravelaError(BUSY) from None

    def see(self, glance: Glance) -> None:
        """How the drive is now. Never waits: the drive's thread calls it at every tick."""
        self._glance = glance
        for reply in glance.replies:
            with suppress(queue.Full):
                self._asks.put_nowait(Noted(reply))

    # --- the thread ---

    def _run(self) -> None:
        with self.lock:
            understanding = self.make_understanding()
            self._agent = CockpitAgent(
                self.gate,
                look=self.look,
                understanding=understanding,
                languages=Polyglot(understanding),
                on_answer=self._on_answer,
                on_offer_switch=lambda on: self.offers.switch(on),
                explain=self.explain,
            )
            self._agent.understood("hello")  # what loads at its first use should cost nobody a wait
        while True:
            try:
                ask = self._asks.get(timeout=LOOK_S)
            except queue.Empty:
                self.pass_time()
                continue
            if ask is None:
                return
            self.answer(ask)

    def answer(self, ask: CabinAsk) -> None:
        """Do what a page asks, and tell every page. A fault of ours is told too, and changes nothing more."""
        with self.lock:
            try:
                self._answer(ask)
            except CaravelaError as error:
                self._say(Who.CAR, str(error), Tone.REFUSED)
            except Exception:
                traceback.print_exc()
                self._say(Who.CAR, FAULT, Tone.REFUSED)
        self.tell()

    def pass_time(self) -> None:
        """See what has come due: what was put off, an offer, a question that nobody answered."""
        with self.lock:
            self._sense()
            assert self._agent is not None
            for response in self._agent.tick():
                self._respond(response)
            if self.doorbell.open is not None and self.now_s - self.doorbell.open.at_s > CONSENT_OPEN_S:
                self.doorbell.open = None
            if self._free() or self.offers.open is not None:
                if (offer := self.offers.look(self._moment())) is not None:
                    self._say(Who.OFFER, self._agent.speech.fixed(offer.service.says), Tone.ASKED)
        self.tell()

    def tell(self, *, again: bool = False) -> None:
        """Tell every page, where something has changed."""
        with self.lock:
            told = self.fields()
        if again or told != self._told:
            self._told = told
            self.publish(told)

    # --- the situation ---

    @property
    def now_s(self) -> float:
        """Seconds since the cabin began; they pass while the drive is paused too."""
        return self.clock() - self._began

    def look(self) -> Situation:
        """The drive's situation, by the cabin's own clock."""
        return replace(self._glance.situation, t_s=self.now_s)

    def _moment(self) -> Moment:
        glance, occupants = self._glance, self.occupants
        return Moment(
            self.look(),
            self.signals,
            to_go_km=glance.to_go_km,
            asleep=float(occupants.asleep),
            motion_sick=float(occupants.unwell),
            child_in_back=occupants.child,
            red_for_s=glance.red_for_s,
            hazard=glance.risk,
        )

    def _sense(self) -> None:
        """Write what the car's sensors say."""
        glance = self._glance
        self.signals.write("Vehicle.Speed", min(round(to_kph(max(glance.situation.speed, 0.0)), 1), 300.0))
        self.signals.write("Vehicle.Body.Raindetection.Intensity", glance.rain)
        self.signals.write("Vehicle.Exterior.LightIntensity", glance.daylight)
        for path in (CHARGE, RANGE):  # whole percents and kilometres: the page is told when one changes
            if isinstance(value := glance.signals.get(path), float):
                self.signals.write(path, round(value) if path == CHARGE else 1000.0 * round(value / 1000.0))

    def _free(self) -> bool:
        """Is no question open?"""
        asking = self._agent is not None and self._agent.asking
        return not asking and self.offers.open is None and self.doorbell.open is None

    # --- what is said ---

    def _answer(self, ask: CabinAsk) -> None:
        self._sense()
        match ask:
            case Said():
                self._hear(ask)
            case AnswerOffer():
                self._answer_offer(ask)
            case AnswerClient():
                self._answer_client(ask)
            case SwitchOffers(on):
                self._say(Who.CAR, self.offers.switch(on), Tone.DONE)
            case Occupants():
                self.occupants = ask
            case Noted(text):
                self._say(Who.DRIVE, text, Tone.PLAIN)

    def _hear(self, said: Said) -> None:
        if self.conversation.heard_before(said.mark):
            return
        assert self._agent is not None
        self.conversation.add(Who.PERSON, said.words, t_s=self.now_s, seat=str(said.seat), mark=said.mark)
        self._respond(self._agent.hear(said.words, seat=said.seat))

    def _answer_offer(self, ask: AnswerOffer) -> None:
        offer = self.offers.open
        if offer is None or offer.service.name != ask.service:
            self._say(Who.CAR, GONE, Tone.REFUSED)
            return
        if ask.never:
            self._say(Who.CAR, self.offers.switch(False, ask.service), Tone.DONE)
            return
        response = self.offers.answer(ask.answer, self.look(), by=ask.seat)
        self._respond(response or Response("That is for those in front to say.", refused=True))

    def _answer_client(self, ask: AnswerClient) -> None:
        asked = self.doorbell.open
        if asked is None or (asked.client.name, asked.scope) != (ask.client, ask.scope):
            self._say(Who.CAR, GONE, Tone.REFUSED)
            return
        response = self.doorbell.answer(ask.answer, self.look(), ask.seat)
        self._respond(response or Response(TOO_SOON, refused=True))

    def _on_answer(self, answer: Answer, now: Situation, seat: Place) -> Response | None:
        """A yes or no that was said: to another agent's question, or to an offer."""
        return self.doorbell.answer(answer, now, seat) or self.offers.answer(answer, now, by=seat)

    def _ring(self, question: str) -> None:
        """Another agent's question to those in front."""
        self._say(Who.CLIENT, question, Tone.ASKED)

    def _asked_for(self, request: Request) -> None:
        """What passed the gate on its way to driving."""
        self.request(request)

    def _respond(self, response: Response) -> None:
        tone = (
            Tone.REFUSED
            if response.refused
            else Tone.ASKED
            if response.asked
            else Tone.LOST
            if not response.understood
            else Tone.DONE
            if response.changes or response.requests
            else Tone.PLAIN
        )
        deeds = tuple((change.path, change.after) for change in response.changes)
        wishes = tuple(request.words or repr(request.wish) for request in response.requests)
        self.conversation.add(Who.CAR, response.text, t_s=self.now_s, tone=tone, deeds=deeds, wishes=wishes)

    def _say(self, who: Who, text: str, tone: Tone) -> None:
        self.conversation.add(who, text, t_s=self.now_s, tone=tone)

    # --- for the page ---

    def fields(self) -> dict[str, Any]:
        """What pages show, as JSON."""
        offer, asked = self.offers.open, self.doorbell.open
        return {
            "type": "cabin",
            "lines": self.conversation.fields(),
            "offer": None
            if offer is None
            else {
                "service": offer.service.name,
                "says": offer.service.says,
                "benefit": offer.service.benefit,
                "consent": str(offer.service.consent),
                "seconds": OPEN_S,
            },
            "question": None
            if asked is None
            else {"client": asked.client.name, "scope": str(asked.scope), "text": asked.text, "seconds": CONSENT_OPEN_S},
            "signals": {path: value for path, value in self.signals.items() if path != "Vehicle.Speed"},
            "occupants": vars(self.occupants),
            "off": sorted(self.offers.off),
            "services": list(self.offers.services),
            "waiting": 0 if self._agent is None else self._agent.waiting,
        }
