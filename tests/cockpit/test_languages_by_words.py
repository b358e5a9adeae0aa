"""German and Chinese that words alone settle: conditions and times, what shares a verb, who takes leave, what would hurt somebody, and two languages in one
sentence. What needs no reader is tested without the extra."""

import importlib.util

import pytest

from caravela.cockpit import sentences
from caravela.cockpit.languages.carrying import time_in
from caravela.cockpit.languages.chinese import CHINESE
from caravela.cockpit.languages.detecting import in_one, mixed, tongue_of, with_umlauts
from caravela.cockpit.languages.german import GERMAN
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.languages.sharing import chinese_lends, german_lends
from caravela.cockpit.languages.tongue import found
from caravela.cockpit.languages.vectors import PACKAGE
from caravela.core.request import Drive, Manner, Overtake, PullOver

needs_extra = pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the extra `languages` is not installed")


@pytest.fixture(scope="module")
def heard(understanding):
    return Polyglot(understanding)


@pytest.fixture
def driver(car, understanding, heard):
    return car.agent(understanding, Polyglot(understanding, shared=heard))


@pytest.mark.parametrize("text", ["open the Fenster bitte", "mach the window auf", "open 窗户", "打开 the window"])
def test_two_languages_in_one_sentence_are_told_apart_from_one(text, car, understanding):
    assert mixed(text)
    before = car.signals.snapshot()
    response = car.agent(understanding, Polyglot(understanding)).hear(text)
    assert response.text == sentences.MIXED and not response.requests and car.signals.snapshot() == before


@pytest.mark.parametrize(
    "text", ["halt the music", "stop das Auto", "spiel Let It Be", "play Die Ärzte", "fahr nach New York", "call Frau Müller", "播放Yesterday", "打开CarPlay",
     "mach das Radio an"]
)  # fmt: skip
def test_names_and_stops_mix_no_languages(text):
    assert not mixed(text)


def test_a_courtesy_of_another_language_is_none_of_the_request(car, understanding):
    assert in_one("turn left 谢谢") == "turn left" and in_one("谢谢") == "谢谢" and in_one("please stop") == "please stop"
    response = car.agent(understanding, Polyglot(understanding)).hear("turn left 谢谢")
    assert [type(request.wish).__name__ for request in response.requests] == ["TakeTurn"]


def test_umlauts_may_be_typed_out():
    assert with_umlauts("ueberhol den Bus und oeffne das Fenster") == "überhol den Bus und öffne das Fenster"
    assert with_umlauts("eine neue Bauerei, aktuell dauert es") == "eine neue Bauerei, aktuell dauert es"
    assert tongue_of("Vorsicht!") is GERMAN and tongue_of("Achtung!") is GERMAN


@pytest.mark.parametrize(
    ("tongue", "text", "english"),
    [
        (GERMAN, "zehn Sekunden", "in 10 seconds, "),
        (GERMAN, "einer halben Stunde", "in 30 minutes, "),
        (GERMAN, "einer Viertelstunde", "in 15 minutes, "),
        (GERMAN, "einer Million Minuten", ""),
        (GERMAN, "minus fünf Minuten", ""),
        (GERMAN, "ein paar Minuten", ""),
        (CHINESE, "十秒", "in 10 seconds, "),
        (CHINESE, "半小时", "in 30 minutes, "),
        (CHINESE, "一百万分钟", ""),
        (CHINESE, "负五分钟", ""),
    ],
)
def test_times_are_understood_to_the_last_word(tongue, text, english):
    assert time_in(text, tongue) == english


def test_things_that_share_a_verb_each_get_it():
    assert german_lends(["mach die Fenster zu", "das Dach"]) == ["mach die Fenster zu", "mach das Dach zu"]
    assert german_lends(["mach das Fenster", "das Dach auf"]) == ["mach das Fenster auf", "mach das Dach auf"]
    assert german_lends(["mach die Musik aus", "das Licht an"]) == ["mach die Musik aus", "das Licht an"]
    assert chinese_lends(["关窗户", "天窗"]) == ["关窗户", "关天窗"]
    assert chinese_lends(["关窗户", "左转"]) == ["关窗户", "左转"]


@pytest.mark.parametrize(
    ("tongue", "text", "deed"),
    [
        (GERMAN, "ich steige aus", "drive.stop"),
        (GERMAN, "ich muss mich übergeben", "drive.stop"),
        (GERMAN, "da ist ein Kind auf der Straße", "drive.stop"),
        (GERMAN, "ich bin weg", "chat"),
        (GERMAN, "ich bin in einer Minute wieder da", "chat"),
        (GERMAN, "dreh um", "beyond turning_round"),
        (GERMAN, "fahr näher an das Auto vor uns ran", "refuse.harm"),
        (GERMAN, "mach das Fenster zu, auch wenn seine Hand drin ist", "refuse.harm"),
        (GERMAN, "überhol rechts", "refuse.wrong_way"),
        (GERMAN, "stell 200 Grad ein", "climate.temperature set"),
        (CHINESE, "我去一下厕所", "chat"),
        (CHINESE, "我胸口疼", "drive.stop"),
        (CHINESE, "缩小车距", "refuse.harm"),
        (CHINESE, "调到22度", "climate.temperature set"),
        (GERMAN, "fahr mich zum Bahnhof", None),
        (GERMAN, "mach das Fenster auf", None),
        (GERMAN, "überhol den Bus", None),
        (GERMAN, "mehr Abstand", None),
        (CHINESE, "去机场", None),
        (CHINESE, "保持车距", None),
    ],
)
def test_whole_clauses_are_settled_by_their_words(tongue, text, deed):
    assert found(tongue.settled, text) == deed


@needs_extra
@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("wenn es regnet mach die Fenster zu und die Scheibenwischer an", ["rain", "rain"]),
        ("wenn es regnet, mach die Fenster zu, dann schalte die Scheibenwischer ein", ["rain", "rain"]),
        ("sobald wir ankommen mach die Musik aus und öffne den Kofferraum", ["arrive", "arrived"]),
        ("in zehn Sekunden mach das Fenster auf", ["minutes"]),
        ("十秒后打开窗户", ["minutes"]),
        ("下雨的话关窗户，打开雨刷", ["rain", "rain"]),
    ],
)
def test_a_condition_binds_all_that_follows_on_it(driver, car, text, kinds):
    before = car.signals.snapshot()
    driver.hear(text)
    assert [waiting.trigger.condition.kind for waiting in driver._memory.waiting] == kinds and car.signals.snapshot() == before


@needs_extra
@pytest.mark.parametrize(
    "text",
    ["es sei denn es regnet, mach das Schiebedach auf", "in einer Million Minuten mach das Fenster auf", "除非下雨打开天窗", "mach das Fenster für zwei Minuten auf",
     "开窗两分钟"],
)  # fmt: skip
def test_what_cannot_be_watched_is_not_done_now(driver, car, text):
    before = car.signals.snapshot()
    response = driver.hear(text)
    assert not driver.waiting and not response.requests and car.signals.snapshot() == before


@needs_extra
def test_a_shared_verb_moves_both(driver, car):
    driver.hear("mach das Fenster und das Dach auf")
    assert (
        len(
            [
                1
                for path, value in car.signals.snapshot().items()
                if value == 100.0 and ("Window.Position" in path or "Sunroof.Position" in path)
            ]
        )
        == 2
    )


@needs_extra
@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("ich steige aus", [PullOver()]),
        ("halt an bis ich wieder da bin", [PullOver()]),
        ("Vorsicht!", [Drive(Manner.CAREFUL)]),
        ("ueberhol den Bus", [Overtake()]),
        ("ueberhol rechts", []),
        ("ich bin weg", []),
        ("dreh um", []),
        ("我要吐了", [PullOver()]),
        ("我去一下厕所", []),
        ("靠近前车", []),
    ],
)
def test_what_driving_is_asked(driver, text, wishes):
    assert [request.wish for request in driver.hear(text).requests] == wishes


@needs_extra
@pytest.mark.parametrize("text", ["stell 200 Grad ein", "调到200度"])
def test_too_many_degrees_are_no_speed(driver, text):
    response = driver.hear(text)
    assert response.asked and "28" in response.text


@needs_extra
@pytest.mark.parametrize("text", ["verriegle die Türen", "schließ das Auto ab", "锁车门"])
def test_doors_are_locked(driver, car, text):
    driver.hear(text)
    assert all(value for path, value in car.signals.snapshot().items() if path.endswith("IsLocked"))
