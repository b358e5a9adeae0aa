"""The cabin of the page's car: the cockpit's agent, its offers and the consents for other agents, in a thread of its own, so that
understanding a sentence never holds up a tick. It sees the drive by glances, asks of it by typed requests through the gate, and tells
every page the same: the conversation, what is open, how the cabin is set, what it understands and whether it hears."""

import math
import queue
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from caravela.cockpit import replies, sentences
from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.clients.consent import Consents
from caravela.cockpit.clients.doorbell import OPEN_S as CONSENT_OPEN_S
from caravela.cockpit.clients.doorbell import Doorbell
from caravela.cockpit.languages.heard import Languages
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.offers import OPEN_S, Offers
from caravela.cockpit.reading.intents import Answer, DrivingWish, Reply
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.response import Response
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Place
from caravela.cockpit.tools import catalogue
from caravela.cockpit.voice.stages import Transcript
from caravela.core.errors import CaravelaError
from caravela.core.request import Request
from caravela.core.signals import Signals
from caravela.studio.cabin.asked import (
    AnswerClient,
    AnswerOffer,
    AnswerReadBack,
    CabinAsk,
    Heard,
    Noted,
    Occupants,
    Recorded,
    Said,
    SwitchOffers,
)
from caravela.studio.cabin.conversation import Conversation, Tone, Who, tone_of
from caravela.studio.cabin.ears import EXTRA, LONGEST_S, STOP_S, Ears, Hearing, packaged_hearing
from caravela.studio.cabin.glance import NEW_DRIVE, Glance
from caravela.studio.cabin.mouth import Mouth
from caravela.studio.cabin.tongues import CODES, ENGLISH, truly, understood_by
from caravela.studio.cabin.voices import ReadBack, Voices

LOOK_S = 0.25  # s between two looks at the drive
MOST_UNHEARD = 32  # sayings that wait to be heard
BUSY = "I have not answered what was said before. Please say that again in a moment."
FAULT = "Something in my understanding went wrong, so I did nothing. Please say it another way."
GONE = "That question is no longer open; nothing was done."
TOO_SOON = "That question had only just come; please answer it again."
STALE_S = 10.0  # s after which what was said may no longer be meant
TOO_LATE = "That took me too long to make out, so I did nothing. Please say it again if you still mean it."


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
    make_languages: Callable[[Understanding], Languages | None] = Polyglot
    make_hearing: Callable[[], Hearing] = packaged_hearing
    mouth: Mouth = field(default_factory=Mouth)
    explain: Callable[[str, str], str | None] = lambda about, words: None  # see CockpitAgent

    def __post_init__(self) -> None:
        self.lock = threading.RLock()  # over agent, gate, offers and door: other agents come from another thread
        self.signals = Signals(catalogue())
        self.gate = Gate(self.signals, self._asked_for)
        self.conversation = Conversation()
        self.offers = Offers(self.gate, self.kept)
        self.doorbell = Doorbell(self.consents, tell=self._ring, free=self._free)
        self.ears = Ears(self.make_hearing, heard=self._make_out, changed=self.tell)
        self.occupants = Occupants()
        self.understands: tuple[str, ...] = (ENGLISH,)
        self._voices: Voices | None = None
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
        self.ears.start()

    def stop(self) -> None:
        """End the threads."""
        self._asks.put(None)
        self.ears.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_S)

    def ask(self, ask: CabinAsk) -> None:
        """Hand something to the cabin. Raises CaravelaError where too much waits already, or for a recording where nothing hears it."""
        if isinstance(ask, Recorded):
            self.ears.listen(ask, now_s=self.now_s)
            return
        try:
            self._asks.put_nowait(ask)
        except queue.Full:
            raise CaravelaError(BUSY) from None

    def begin(self) -> None:
        """Somebody asks for another drive, which ends a stop."""
        with self.lock:
            self.gate.stop_asked = False
            self.offers.forget()

    def see(self, glance: Glance) -> None:
        """How the drive is now. Never waits: the drive's thread calls it at every tick."""
        self._glance = glance
        for reply in glance.replies:
            with suppress(queue.Full):
                self._asks.put_nowait(Noted(reply))

    def speech(self, number: int) -> bytes:
        """A line of the car's as a .wav. Raises CaravelaError for a line that there is none of, or that the car cannot say."""
        with self.lock:
            line = next((line for line in self.conversation.lines if line.number == number), None)
        if line is None or line.who not in (Who.CAR, Who.OFFER):
            raise CaravelaError(f"the car said no line {number}, or long ago; the newest of its own are spoken.")
        if line.language != ENGLISH:
            raise CaravelaError("the car's voice speaks English only.")
        return self.mouth.say(line.text)

    def _make_out(self, heard: Heard) -> None:
        """What the ears made of a recording."""
        with suppress(queue.Full):
            self._asks.put(heard, timeout=STALE_S)

    # --- the thread ---

    def attend(self, agent: CockpitAgent) -> None:
        """Hand what is said to `agent` from now on."""
        self._agent, self._voices = agent, Voices(agent)

    def _run(self) -> None:
        with self.lock:
            understanding = self.make_understanding()
            languages = self.make_languages(understanding)
            self.understands = understood_by(languages)
            agent = CockpitAgent(
                self.gate,
                look=self.look,
                understanding=understanding,
                languages=languages,
                on_answer=self._on_answer,
                on_offer_switch=lambda on: self.offers.switch(on),
                explain=self.explain,
            )
            agent.understood("hello")  # what loads at its first use should cost nobody a wait
            self.attend(agent)
        self.tell()
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
            self._glance.write(self.signals)
            assert self._agent is not None
            for response in self._agent.tick():
                if response.asked and self._voices is not None:
                    self._voices.forget()  # a yes is no longer one to what was read back before
                self._respond(response, self._spoken_last())
            if self.doorbell.open is not None and self.now_s - self.doorbell.open.at_s > CONSENT_OPEN_S:
                self.doorbell.open = None
            if self._free() or self.offers.open is not None:
                if (offer := self.offers.look(self._glance.moment(self.look(), self.signals, self.occupants))) is not None:
                    self._say(Who.OFFER, offer.service.says, Tone.ASKED)
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

    def _free(self) -> bool:
        """Is no question open?"""
        asking = self._agent is not None and self._agent.asking
        return not asking and self.offers.open is None and self.doorbell.open is None and self._read_back() is None

    # --- what is said ---

    def _answer(self, ask: CabinAsk) -> None:
        self._glance.write(self.signals)
        match ask:
            case Said():
                self._hear(ask)
            case Heard():
                self._hear_voice(ask)
            case AnswerReadBack():
                self._answer_read_back(ask)
            case AnswerOffer():
                self._answer_offer(ask)
            case AnswerClient():
                self._answer_client(ask)
            case SwitchOffers(on):
                self._say(Who.CAR, self.offers.switch(on), Tone.DONE)
            case Occupants():
                self.occupants = ask
            case Noted(text):
                if text == NEW_DRIVE:
                    self.offers.forget()
                self._say(Who.DRIVE, text, Tone.PLAIN)

    def _hear(self, said: Said) -> None:
        if self.conversation.heard_before(said.mark):
            return
        assert self._agent is not None
        self.conversation.add(Who.PERSON, said.words, t_s=self.now_s, seat=str(said.seat), mark=said.mark)
        if self._read_back(said.seat) is not None and self._is_answer(said.words, said.seat):
            self._by_voice(Transcript(said.words, 1.0), said.seat)
            return
        if self._voices is not None:
            self._voices.forget(said.seat)
        self._respond(self._agent.hear(said.words, seat=said.seat), self._spoken_last())

    def _hear_voice(self, heard: Heard) -> None:
        """Words that were recognised: doubtful and weighty ones are read back, a yes to what came after it is none."""
        transcript = heard.transcript
        words = "" if transcript is None else transcript.text.strip()
        self.conversation.add(Who.PERSON, words, t_s=self.now_s, seat=str(heard.seat), mark=heard.mark, language=ENGLISH, spoken=True)
        if transcript is None:
            self._respond(Response(sentences.SILENCE, understood=False))
        elif self.now_s - heard.ended_s > STALE_S:
            self._say(Who.CAR, TOO_LATE, Tone.REFUSED)
        elif heard.began_s < self._asked_since(heard.seat) and self._is_answer(words, heard.seat):
            self._say(Who.CAR, TOO_SOON, Tone.REFUSED)
        else:
            self._by_voice(transcript, heard.seat)

    def _by_voice(self, transcript: Transcript, seat: Place) -> None:
        assert self._voices is not None
        answered = self._voices.hear(transcript, seat=seat, t_s=self.now_s)
        if answered.response is not None:
            self._respond(answered.response, self._spoken_last())
        else:
            self._say(Who.CAR, answered.text, Tone.ASKED if answered.listen_on else Tone.LOST)

    def _answer_read_back(self, ask: AnswerReadBack) -> None:
        read_back = self._read_back(ask.seat)
        if read_back is None or read_back.words != ask.words:
            self._say(Who.CAR, GONE, Tone.REFUSED)
            return
        self._by_voice(Transcript("yes" if ask.answer is Answer.YES else "no", 1.0), ask.seat)

    def _is_answer(self, words: str, seat: Place) -> bool:
        """Is this a yes, a no or a cancel, and nothing else?"""
        assert self._agent is not None
        steps = self._agent.understood(words, seat=seat)
        return len(steps) == 1 and isinstance(steps[0].intent, Reply)

    def _read_back(self, seat: Place | None = None) -> ReadBack | None:
        return None if self._voices is None else self._voices.read_back(self.now_s, seat)

    def _asked_since(self, seat: Place) -> float:
        """When the newest question came that a yes of this seat would answer; before all time where none is open."""
        questions = (self.offers.open, self.doorbell.open, self._read_back(seat))
        return max((question.at_s for question in questions if question is not None), default=-math.inf)

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

    def _spoken_last(self) -> str:
        """The language in which the agent answers now."""
        return ENGLISH if self._agent is None else CODES.get(self._agent.speech.LANGUAGE, ENGLISH)

    def _in_language(self, sentence: str) -> tuple[str, str]:
        """(a sentence of ours in the language that was spoken last, that language); as it is, and English, where it has none."""
        said = sentence if self._agent is None else self._agent.speech.fixed(sentence)
        return said, ENGLISH if said == sentence else self._spoken_last()

    def _respond(self, response: Response, language: str = ENGLISH) -> None:
        deeds = tuple((change.path, change.after) for change in response.changes)
        wishes = tuple(replies.proposed(DrivingWish(request.wish)) for request in response.requests)
        text = truly(response.text, self.understands)
        self.conversation.add(Who.CAR, text, t_s=self.now_s, tone=tone_of(response), deeds=deeds, wishes=wishes, language=language)

    def _say(self, who: Who, text: str, tone: Tone) -> None:
        said, language = self._in_language(text)
        self.conversation.add(who, said, t_s=self.now_s, tone=tone, language=language)

    # --- for the page ---

    def fields(self) -> dict[str, Any]:
        """What pages show, as JSON."""
        offer, asked, read_back = self.offers.open, self.doorbell.open, self._read_back()
        says, language = self._in_language("" if offer is None else offer.service.says)
        return {
            "type": "cabin",
            "lines": self.conversation.fields(),
            "understands": list(self.understands),
            "voice": {
                "hears": self.ears.ready,
                "missing": EXTRA if self.ears.missing else "",
                "speaks": self.mouth.able,
                "longest_s": LONGEST_S,
            },
            "read_back": None if read_back is None else {"words": read_back.words, "seat": str(read_back.seat)},
            "offer": None
            if offer is None
            else {
                "service": offer.service.name,
                "says": says,
                "language": language,
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
