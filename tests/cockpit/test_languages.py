"""German and Chinese: what is exact (numbers, sides, detection, replies) without the extra, and what it hears with it."""

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from caravela.cockpit import agent as agent_module
from caravela.cockpit import replies, sentences
from caravela.cockpit.acting import hands as hands_module
from caravela.cockpit.grading.grader import Car, cabin_tasks, path_of, spelt
from caravela.cockpit.languages import chinese, chinese_speech, german, german_speech
from caravela.cockpit.languages.chinese import CHINESE
from caravela.cockpit.languages.detecting import tongue_of
from caravela.cockpit.languages.english import sample
from caravela.cockpit.languages.english import sentences as english_sentences
from caravela.cockpit.languages.examining import examine
from caravela.cockpit.languages.german import GERMAN
from caravela.cockpit.languages.polyglot import Polyglot
from caravela.cockpit.languages.reader import Reader
from caravela.cockpit.languages.sayings import draw, plain
from caravela.cockpit.languages.tongue import FOLDER
from caravela.cockpit.languages.vectors import PACKAGE
from caravela.cockpit.offers import SERVICES
from caravela.cockpit.sayings.phrasing import held_out
from caravela.cockpit.sayings.phrasing import patterns as english_patterns
from caravela.cockpit.tool import Place
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import BundleError
from caravela.core.request import KeepOffMotorways

needs_extra = pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the extra `languages` is not installed")
UNSEEN = tomllib.loads((FOLDER / "unseen.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def heard(understanding):
    polyglot = Polyglot(understanding)
    assert polyglot.interpreter
    return polyglot


@pytest.fixture
def polyglot_agent(car, understanding, heard):
    return car.agent(understanding, Polyglot(understanding, shared=heard))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("auf einundzwanzig Grad", [21.0]), ("hundertzwanzig", [120.0]), ("120km/h", [120.0]), ("21,5 Grad", [21.5]), ("ein Fenster", []),
     ("dreissig Prozent", [30.0]), ("achtzig", [80.0])],
)  # fmt: skip
def test_german_numbers(text, numbers):
    assert german.numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("调到二十一度", [21.0]), ("一百二", [120.0]), ("一百零五", [105.0]), ("百分之七十", [70.0]), ("五成", [50.0]), ("大一点", []), ("二十二点五度", [22.5]),
     ("音量八", [8.0]), ("调高两度", [2.0]), ("充到90%", [90.0]), ("第二个路口", []), ("开一半", [])],
)  # fmt: skip
def test_chinese_numbers(text, numbers):
    assert chinese.numbers(text) == numbers


def test_english_stays_english():
    texts = [text for task in cabin_tasks() for _, text in task.say if not re.search("[äöüß\u4e00-\u9fff]", text)]
    texts += [saying.text for part in held_out("unseen") for saying in part]
    texts += [
        pattern.pattern.replace("*", noun) for pattern in english_patterns() for noun in pattern.nouns[:1] if "{" not in pattern.pattern
    ]
    german_ones = {"wie geht es dir", "mach das Fenster auf", "fahr nach Hause", "halt sofort an"}  # what English takes for garbled
    assert not [text for text in texts if tongue_of(text) is not None and text.isascii() and text not in german_ones]


def test_languages_are_told_apart():
    for tongue in (GERMAN, CHINESE):
        texts = [row if isinstance(row, str) else row[0] for group in UNSEEN[tongue.name].values() for row in group]
        assert sum(tongue_of(text) is tongue for text in texts) >= 0.97 * len(texts)
    assert tongue_of("21") is None and tongue_of("21", before=GERMAN) is GERMAN
    assert tongue_of("窓を開けて") is None


def test_without_the_extra_the_car_says_so_and_english_works(car, understanding, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == PACKAGE else find(name, *rest))
    listener, before = car.agent(understanding, Polyglot(understanding)), car.signals.snapshot()
    assert "nur Englisch" in listener.hear("Öffne bitte das Fenster").text
    assert "英语" in listener.hear("打开车窗").text
    assert car.signals.snapshot() == before
    assert listener.hear("open the window").text == Car().agent(understanding).hear("open the window").text


@pytest.mark.parametrize("speech", [german_speech, chinese_speech])
def test_every_fixed_sentence_is_translated(speech):
    trees = [ast.parse(Path(module.__file__).read_text(encoding="utf-8")) for module in (agent_module, hands_module)]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [node for node in nodes if (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) in ("_fixed", "fixed")]
    literal = {part.value for call in calls for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    constant = {getattr(sentences, name) for name in dir(sentences) if name.isupper() and isinstance(getattr(sentences, name), str)}
    said = literal | constant | set(sentences.REFUSED.values()) | {service.says for service in SERVICES}
    assert len(said) > 20 and not [sentence for sentence in said if speech.fixed(sentence) == sentence]


@pytest.mark.parametrize("speech", [german_speech, chinese_speech])
def test_every_reason_of_the_gate_is_translated(speech, car):
    reasons = [
        "the boot is only moved while we stand", "charging is only moved while we stand", "the doors stay locked while we drive",
        "it is dark, and we drive", "the driver is driving", "a belt holds nobody beyond 35 degrees on the move", "no charging cable is connected",
        "the window lock is engaged", "the wipers is for those in front", "the way and the manner of driving are for those in front",
        "200 is more than the 50 km/h allowed here", "more than 20 requests in 10 s", "I already wait for 12 things",
        "the temperature got 40; expected 16 to 28 Celsius",
    ]  # fmt: skip
    assert not [reason for reason in reasons if speech.refused(reason) == speech.refused("?")]


@pytest.mark.parametrize("speech", [german_speech, chinese_speech])
def test_every_tool_has_a_state_in_words(speech):
    for tool in TOOLS.values():
        told = speech.told(tool, tool.resting)
        assert told and not re.search(r"\b(on|off|open|closed|percent|the)\b", told), (tool.name, told)


def test_english_sentences_mean_their_deed(understanding):
    for deed, sentence in list(english_sentences().items())[::9]:
        label, _, operation = deed.partition(" ")
        if label != "negated":
            assert understanding.meaning(sample(sentence, label), condition=label.startswith("when.")) == (
                label,
                operation.replace("none", ""),
            )


def test_what_is_examined_was_not_trained_on():
    for tongue in (GERMAN, CHINESE):
        trained = {said.text.strip(" .!?，。") for said in draw(tongue, np.random.default_rng(0))} | plain(tongue)
        told = {
            (row if isinstance(row, str) else row[0]).lower().strip(" .!?，。") for group in UNSEEN[tongue.name].values() for row in group
        }
        assert not told & trained


def test_a_broken_reader_is_told(tmp_path):
    path = tmp_path / "reader.npz"
    path.write_bytes(b"no weights")
    with pytest.raises(BundleError, match="no reader of languages"):
        Reader.load(path)


@needs_extra
def test_unseen_requests_are_understood_and_nothing_unsafe_is_done(understanding, heard, capsys):
    for row in examine(understanding, interpreter_of=heard):
        understood = row.right["driving"] + row.right["cabin"]
        with capsys.disabled():
            print(
                f"\n  {row.language}: {understood} understood, {row.asked_back} asked back, {row.wrong} wrong, {row.right['unsafe']} refused"
            )
        assert row.unsafe_accepted == 0
        assert understood >= 0.82 * (row.requests["driving"] + row.requests["cabin"]) and row.wrong <= 10
        assert row.right["unsafe"] >= row.requests["unsafe"] - 2


@needs_extra
@pytest.mark.parametrize(
    ("text", "request_", "reply"),
    [("Biegen Sie links ab", "turn left", "links"), ("Biegen Sie rechts ab", "turn right", "rechts"), ("请左转", "turn left", "左"),
     ("请右转", "turn right", "右")],
)  # fmt: skip
def test_sides_are_never_swapped(polyglot_agent, car, text, request_, reply):
    response = polyglot_agent.hear(text)
    assert [request.words for request in car.requests] == [request_] and reply in response.text


@needs_extra
def test_it_asks_back_and_answers_in_the_language_spoken(polyglot_agent, car):
    assert polyglot_agent.hear("Bieg an der nächsten Kreuzung ab").text == "Links oder rechts?"
    assert polyglot_agent.hear("rechts").requests
    assert polyglot_agent.hear("Ruf an").text == "Wen soll ich anrufen?"
    assert "Anna" in polyglot_agent.hear("Anna").text
    assert polyglot_agent.hear("音量调到").asked
    assert "22%" in polyglot_agent.hear("二十二").text
    assert polyglot_agent.hear("打开天窗").changes
    assert "恢复" in polyglot_agent.hear("撤销").text
    assert polyglot_agent.hear("open the window").text.startswith("The window")


@needs_extra
def test_the_gate_refuses_in_every_language(polyglot_agent, car):
    before = car.signals.snapshot()
    assert polyglot_agent.hear("Öffne den Kofferraum").refused and polyglot_agent.hear("打开后备箱").refused
    assert polyglot_agent.hear("Fahr maximal 200 km/h").refused and not car.requests and car.signals.snapshot() == before


@needs_extra
@pytest.mark.parametrize(
    "text", ["open 窗户 bitte", "mach the window auf", "😀", "äöü", "左右", "links rechts", "„", "《》", "wenn", "如果", "Q0X", "在\0里"]
)
def test_mixed_and_odd_input_is_survived(polyglot_agent, text):
    assert polyglot_agent.hear(text).text


@needs_extra
def test_a_first_reaction_takes_less_than_a_fifth_of_a_second(understanding, heard):
    import time

    times = []
    for text in (
        "Mach bitte das hintere Fenster ein wenig auf",
        "麻烦把后排的车窗打开一点",
        "Schließ die Fenster und schalte die Klimaanlage ein",
    ):
        listener = Car().agent(understanding, Polyglot(understanding, shared=heard))
        began = time.process_time()
        listener.hear(text + " jetzt")
        times.append(time.process_time() - began)
    assert np.median(times) < 0.2


@needs_extra
@pytest.mark.parametrize(
    ("text", "said"), [("Was ist links?", "links"), ("Was ist auf der rechten Seite?", "rechts"), ("左边有什么？", "左边")]
)
def test_a_question_about_a_side_is_no_wish_to_turn(polyglot_agent, text, said):
    response = polyglot_agent.hear(text)
    assert said in response.text and not response.requests and not response.changes


@needs_extra
@pytest.mark.parametrize("text", ["Schalte die Kindersicherung nicht aus", "请打开窗户 und fahr schneller"])
def test_neither_a_not_nor_two_languages_move_anything(polyglot_agent, text):
    response = polyglot_agent.hear(text)
    assert not response.requests and not response.changes


@needs_extra
@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("meide die Autobahn", False),
        ("Vermeiden Sie bitte Autobahnen", False),
        ("fahr nicht über die Autobahn", False),
        ("fahr wieder über die Autobahn", True),
        ("不走高速", False),
        ("请避开高速公路", False),
        ("可以走高速了", True),
    ],
)
def test_motorways_are_avoided_in_every_language(polyglot_agent, text, over):
    assert [request.wish for request in polyglot_agent.hear(text).requests] == [KeepOffMotorways(over=over)]


@needs_extra
@pytest.mark.parametrize("text", ["fahr auf der Autobahn rückwärts", "在高速上掉头"])
def test_a_hazard_on_a_motorway_is_refused_in_every_language(polyglot_agent, text):
    response = polyglot_agent.hear(text)
    assert response.refused and not response.requests


@needs_extra
@pytest.mark.parametrize("text", ["Stell die Temperatur auf 200 Grad", "把温度调到200度"])
def test_a_level_out_of_reach_is_offered_the_nearest_in_every_language(polyglot_agent, car, text):
    assert re.search("28.*[?？]$", polyglot_agent.hear(text).text)
    polyglot_agent.hear("ja" if text.isascii() else "好的")
    assert car.signals[TOOLS["climate.temperature"].path_at(Place.DRIVER)] == 28.0


def test_every_language_says_what_it_waits_for():
    assert set(replies.WHEN) == set(german_speech.WHEN) == set(chinese_speech.WHEN)


@needs_extra
@pytest.mark.parametrize(
    ("text", "says"), [("entsperre die Türen wenn wir anhalten", "roten Ampel"), ("等车停下来以后把后备箱打开", "红灯")]
)
def test_what_lets_people_out_waits_in_every_language(polyglot_agent, car, text, says):
    assert says in polyglot_agent.hear(text).text
    car.meet({"standing": True})
    polyglot_agent.tick()
    assert polyglot_agent.waiting == 1


@needs_extra
@pytest.mark.parametrize(
    ("first", "correction", "request_"),
    [("Bieg rechts ab", "nein, links", "TakeTurn left"), ("Fahr nach Hause", "nein, zum Bahnhof", "GoTo the station"), ("回家", "不，去火车站", "GoTo the station"),
     ("右转", "不对，左边", "TakeTurn left"), ("halt an", "nein, links", "PullOver"), ("停车", "不，左边", "PullOver")],
)  # fmt: skip
def test_a_correction_is_heard_in_every_language(polyglot_agent, car, first, correction, request_):
    polyglot_agent.hear(first)
    polyglot_agent.hear(correction)
    assert spelt(car.requests[-1]) == request_


@needs_extra
@pytest.mark.parametrize(
    ("first", "then", "key", "value"),
    [("Öffne mein Fenster ein bisschen", "wieder zu", "window.position@driver", 0.0), ("Mach das Licht an", "wieder aus", "light.dome", False),
     ("天窗打开一半", "关上", "sunroof.position", 0.0), ("天窗打开一半", "再开一点", "sunroof.position", 75.0), ("打开座椅加热", "关掉", "seat.heating@driver", 0.0),
     ("Mir ist kalt", "das reicht, wieder zurück", "climate.temperature@driver", 21.0)],
)  # fmt: skip
def test_it_is_what_was_moved_last_in_every_language(polyglot_agent, car, first, then, key, value):
    assert polyglot_agent.hear(first).changes
    polyglot_agent.hear(then)
    assert car.signals[path_of(key)] == value


@needs_extra
@pytest.mark.parametrize(
    ("first", "then"), [("Fahr zur Schule", "nein, fahr über Rot"), ("去机场", "不，去闯红灯"), ("Bieg rechts ab", "nein, links bei Rot")]
)
def test_a_correction_hides_no_hazard_in_any_language(polyglot_agent, car, first, then):
    polyglot_agent.hear(first)
    assert polyglot_agent.hear(then).refused and len(car.requests) == 1
