"""The cabin behind the page, without threads: what is said, offered and asked, and that only what is open can be answered."""

from dataclasses import replace
from pathlib import Path

import pytest

from caravela.cockpit.agent import CockpitAgent, Languages
from caravela.cockpit.clients.audit import Audit
from caravela.cockpit.clients.consent import Client
from caravela.cockpit.intents import Answer
from caravela.cockpit.tool import Place
from caravela.cockpit.understanding import Understanding
from caravela.core.request import Request
from caravela.studio.cabin.asked import AnswerClient, AnswerOffer, Occupants, Said
from caravela.studio.cabin.cabin import FAULT, GONE, TOO_SOON, Cabin
from caravela.studio.cabin.glance import Glance
from caravela.studio.cabin.visitors import CabinDoor

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
    bench.wait(100.0)
    assert bench.cabin.fields()["offer"]["service"] == "rain"


def test_an_offer_does_nothing_before_a_yes(bench: Bench) -> None:
    rainy(bench)
    assert bench.cabin.signals[WINDOW] == 100.0
    bench.cabin.answer(AnswerOffer("rain", Answer.YES))
    assert bench.cabin.signals[WINDOW] == 0.0 and bench.cabin.fields()["offer"] is None


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
    again.wait(1000.0)
    assert again.cabin.fields()["offer"] is None


def test_who_sits_in_the_back_cannot_accept_for_those_in_front(bench: Bench) -> None:
    bench.cabin.answer(Occupants(asleep=True))
    bench.wait(100.0)
    bench.cabin.answer(AnswerOffer("asleep", Answer.YES, seat=Place.REAR_DRIVER))
    assert "those in front" in bench.last and not bench.requests


def test_an_offer_that_was_accepted_reaches_driving_through_the_gate(bench: Bench) -> None:
    bench.cabin.answer(Occupants(unwell=True))
    bench.wait(100.0)
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
