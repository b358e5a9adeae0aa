"""The suite `words`: only the words differ, and the drive has to change as it was asked."""

import re
from dataclasses import replace

import numpy as np
import pytest

from caravela.core.types import Control
from caravela.evaluate.drivers import route_follow_idm
from caravela.evaluate.driving import Told, drive, quiet
from caravela.evaluate.episodes import Episode
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.run import drive_place
from caravela.evaluate.spoken import (
    ASKED,
    BRISK,
    GENTLE,
    MANNERS,
    PHRASES,
    SILENCE,
    STOP,
    TALK,
    Ride,
    changed,
    effect,
    heeded,
    table,
    told_of,
    verdicts,
)
from caravela.world.navigator import wanted_turn
from caravela.world.simulator import Simulator

NEAR = 0.7  # cosine of two sentences' vectors from which one is a way to put the other


def maps_of(starts):
    return [start.map for start in starts]


def words_of(text):
    return " ".join(word for word in re.findall(r"[a-z']+", text.lower()) if word not in ("please", "now", "here"))


def test_no_phrase_is_one_that_a_driver_is_trained_on():
    from caravela.train.phrases import MANNERS as TRAINED
    from caravela.train.phrases import STOP as TRAINED_STOP
    from caravela.train.phrases import TALK as TRAINED_TALK

    trained = {words_of(phrase) for manner in (*TRAINED, TRAINED_STOP, TRAINED_TALK) for phrase in manner.phrases}
    unseen = [phrase for manner in MANNERS if manner != SILENCE for phrase in PHRASES[manner]]
    assert len(unseen) == len({words_of(phrase) for phrase in unseen}) == 64
    assert not trained & {words_of(phrase) for phrase in unseen}
    assert not any(wanted_turn(phrase) for phrase in unseen)  # nothing here is the sat-nav's business


def test_no_phrase_is_near_one_that_a_driver_is_trained_on():
    from caravela.train.phrases import MANNERS as TRAINED
    from caravela.train.phrases import STOP as TRAINED_STOP
    from caravela.train.phrases import TALK as TRAINED_TALK
    from caravela.words import SentenceEncoder

    def directions(texts):
        vectors = SentenceEncoder().encode(texts).astype(np.float64)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    trained = [phrase for manner in (*TRAINED, TRAINED_STOP, TRAINED_TALK) for phrase in manner.phrases if phrase]
    unseen = [phrase for manner in MANNERS if manner != SILENCE for phrase in PHRASES[manner]]
    nearness = directions(unseen) @ directions(trained).T
    near = [(unseen[i], trained[int(nearness[i].argmax())]) for i in np.flatnonzero(nearness.max(1) > NEAR)]
    assert not near
    assert (
        directions(["can we pick up the pace a bit"]) @ directions(["could we pick up the pace a little"]).T > NEAR
    )  # such a pair would show


def ride(speed, *, acceleration=1.0, failed=None):
    speed = np.asarray(speed, dtype=np.float64)
    rows = np.stack([speed, np.full(len(speed), acceleration), np.cumsum(speed) * 0.1], -1)
    return Ride(rows, (failed,) if failed else (), len(speed) * 0.1 if failed else float("nan"))


STEADY = ride(np.full(300, 8.0))


@pytest.mark.parametrize(
    ("asked", "told", "right"),
    [
        (GENTLE, ride(np.full(300, 7.0), acceleration=0.9), True),
        (GENTLE, STEADY, False),  # who ignores words changes nothing
        (GENTLE, ride(np.full(300, 7.0), acceleration=1.1), False),
        (GENTLE, ride(np.full(300, 1.0), acceleration=0.1), False),  # standing about is not gentle driving
        (GENTLE, ride(np.full(200, 7.0), acceleration=0.5, failed="off_road"), False),
        (GENTLE, ride(np.full(60, 7.0)), None),  # it ended too soon to tell
        (BRISK, ride(np.full(300, 8.5), acceleration=2.0), True),
        (BRISK, STEADY, False),
        (BRISK, ride(np.full(250, 12.0), failed="at_fault_collision"), False),
        (BRISK, ride(np.full(280, 9.0)), True),  # at its route's end sooner: further in the same time
        (STOP, ride([8.0] * 80 + [4.0] * 40 + [0.0] * 180), True),
        (STOP, ride([8.0] * 80 + [4.0] * 110 + [0.0] * 110), False),  # too late
        (STOP, ride([8.0] * 80 + [0.0] * 5 + [3.0] * 215), False),  # not to stay
        (STOP, ride([8.0] * 80 + [4.0] * 20, failed="off_road"), False),
        (STOP, STEADY, False),
    ],
)
def test_what_counts_as_a_right_change(asked, told, right):
    assert changed(asked, STEADY, told) is right


def test_failing_is_told_apart_from_not_hearing():
    crash = ride(np.full(250, 12.0), failed="at_fault_collision")
    assert heeded(BRISK, STEADY, crash) and not changed(BRISK, STEADY, crash)
    early = ride([8.0] * 80 + [4.0] * 40 + [0.0] * 180)
    early.harmed_s = 3.0  # before anything was said, as the untold drive did: the words are not to blame
    plain = ride(np.full(300, 8.0))
    plain.harmed_s = 3.0
    assert changed(STOP, plain, early)


def test_a_car_that_stands_by_itself_says_nothing_about_stopping():
    lights = ride([8.0] * 80 + [4.0] * 20 + [0.0] * 100 + [5.0] * 100)
    assert changed(STOP, lights, ride([8.0] * 80 + [0.0] * 220)) is None
    assert changed(STOP, ride([1.0] * 300), ride([1.0] * 80 + [0.0] * 220)) is None  # it was hardly under way
    assert effect(STOP, STEADY, ride([8.0] * 80 + [4.0] * 40 + [0.0] * 180)) == pytest.approx(4.0)


def test_the_table_counts_right_changes_and_what_idle_talk_would_pass_for():
    starts = [Episode(f"m{k % 6}", k, 30.0, 200.0, 1, 0) for k in range(12)]
    soft, fast, stops = ride(np.full(300, 7.0), acceleration=0.5), ride(np.full(300, 9.0)), ride([8.0] * 100 + [0.0] * 200)
    rides = {
        SILENCE: [STEADY] * 12,
        TALK: [STEADY] * 11 + [soft],
        GENTLE: [soft] * 9 + [STEADY] * 3,
        BRISK: [fast] * 12,
        STOP: [stops] * 12,
    }
    shown = table(verdicts(rides, starts), maps_of(starts))
    assert shown[GENTLE]["right"] == 0.75 and shown[GENTLE]["judged"] == shown[GENTLE]["drives"] == 12
    assert shown[GENTLE]["right_ci"][0] <= 0.75 <= shown[GENTLE]["right_ci"][1] and shown[GENTLE]["by_chance"] == pytest.approx(
        1 / 12, abs=1e-3
    )
    assert shown[BRISK]["right"] == shown[STOP]["right"] == 1.0 and shown[BRISK]["median_distance_ratio"] == 1.125
    assert shown[STOP]["median_seconds_to_stand"] == pytest.approx(2.0) and shown[STOP]["by_chance"] == 0.0
    assert sum(each["judged"] for each in shown[BRISK]["by_phrase"].values()) == 12
    nobody = table(verdicts({manner: [ride([8.0] * 20)] * 12 for manner in MANNERS}, starts), maps_of(starts))
    assert nobody[GENTLE]["right"] is None and nobody[GENTLE]["judged"] == 0


class Listener:
    """The baseline, but it does as it is told."""

    name, sees, rig, risk = "listener", "state", None, None

    def reset(self, simulator):
        self.heard = []

    def control(self, simulator, observation):
        self.heard.append(observation.words)
        control = baseline_control(simulator.atlas, simulator.state)
        acceleration = control.acceleration.copy()
        for world, words in enumerate(observation.words):
            if words in PHRASES[STOP]:
                acceleration[world] = -3.0
        return Control(acceleration=acceleration, curvature=control.curvature)


def test_words_are_heard_when_they_are_said_and_forgotten_afterwards(places, chosen):
    place, driver = places[0], Listener()
    several = chosen[place.name][:2]
    simulator = Simulator([place.graph], batch=2)
    told = drive(simulator, driver, several, told=[Told("hello"), Told("Let me out at this curb.", 8.0)])
    assert {words[0] for words in driver.heard} == {"hello"}
    assert [words[1] for words in driver.heard[:82]] == [""] * 80 + ["Let me out at this curb."] * 2
    plain = drive(simulator, driver, several, told=[Told(""), Told("")])
    assert set(driver.heard) == {("", "")}
    assert told[0].ride == plain[0].ride and told[1].ride[:80] == plain[1].ride[:80] and told[1].ride[-1][0] < plain[1].ride[-1][0]
    assert len(plain[0].ride) == round(plain[0].score.seconds * 10)
    assert drive(simulator, driver, several)[0].ride is None


def test_who_ignores_words_is_never_right_and_who_heeds_them_is(places, suite, chosen):
    place = places[0]
    several = [replace(episode, seconds=20.0) for episode in chosen[place.name]]
    for driver, best in ((route_follow_idm(), 0.0), (Listener(), 1.0)):
        rides = {}
        for manner in MANNERS:
            outcomes = drive_place(place, suite, driver, several, watcher=quiet(), manner=manner)
            rides[manner] = [Ride(o.ride, o.score.failures, o.score.extra["first_failure_s"]) for o in outcomes]
        shown = table(verdicts(rides, several), maps_of(several))
        assert shown[GENTLE]["right"] == shown[BRISK]["right"] == 0.0
        assert shown[STOP]["right"] == best and shown[STOP]["judged"] >= 2 and shown[STOP]["by_chance"] == 0.0


def test_a_start_is_always_told_the_same():
    start = Episode("m", 3, 30.0, 200.0, 1, 0)
    assert all(told_of(manner, start) == told_of(manner, replace(start, seconds=20.0)) for manner in MANNERS)
    assert told_of(STOP, start).at_s == 8.0 and told_of(SILENCE, start) == Told("")
    assert len({told_of(manner, start).words for manner in ASKED} - {""}) == len(ASKED)
    phrase = told_of(STOP, start).words
    assert told_of(STOP, start, {phrase: "stop here, please"}) == Told("stop here, please", 8.0)
    assert told_of(STOP, start, {"another": ""}).words == phrase
