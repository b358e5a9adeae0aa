"""`caravela cockpit`: a conversation from the command line, the table of the benchmark, bad input in one sentence."""

import itertools
import json
import time

import numpy as np
import pytest

from caravela import cli
from caravela.cockpit.grading.grader import Car, Outcome
from caravela.cockpit.grading.judging import Drive, DriveTask, drive_tasks, judge
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.response import Response
from caravela.cockpit.voice.conversation import Conversation
from caravela.cockpit.voice.session import Session
from caravela.cockpit.voice.stages import FRAME, FRAME_S, Noticed
from caravela.cockpit.voice.turns import TurnConfig
from caravela.commands._cockpit_bench import summary, unsafe_drives
from caravela.commands._cockpit_voice import _hear


@pytest.fixture
def caravela(capsys):
    """Run the command line; returns (exit code, stdout, stderr)."""

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run


def test_a_conversation(caravela):
    code, out, _ = caravela("cockpit", "chat", "--say", "open the sunroof", "drive 200", "--json")
    turns = json.loads(out.splitlines()[-1])["turns"]
    assert code == 0 and turns[0]["changed"] == {"Vehicle.Cabin.Sunroof.Position": 100.0}
    assert turns[1]["changed"] == {} and turns[1]["requests"] == []


def test_a_conversation_without_a_driver_sees_nothing(caravela):
    _, out, _ = caravela("cockpit", "chat", "--say", "what is ahead?", "--json")
    assert json.loads(out.splitlines()[-1])["turns"][0]["reply"] == "I can't tell what is ahead."


def test_what_a_conversation_put_off_is_done_and_told(caravela, monkeypatch):
    seconds = itertools.count(0.0, 20.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    code, out, _ = caravela("cockpit", "chat", "--say", "in one minute open the sunroof", *["how fast are we going"] * 4, "--json")
    turns = json.loads(out.splitlines()[-1])["turns"]
    (done,) = [turn for turn in turns if turn["said"] == ""]
    assert code == 0 and turns[0]["changed"] == {} and len(turns) == 6
    assert done["changed"] == {"Vehicle.Cabin.Sunroof.Position": 100.0} and "sunroof" in done["reply"]


def test_what_is_put_off_is_done_while_the_car_listens():
    car = Car()
    agent = car.agent(Understanding())

    class Quiet:
        def notice(self, frame):
            return Noticed(0.0, False)

    session = Session(Quiet(), None, Conversation(agent), config=TurnConfig(wake=False))
    agent.hear("in one minute open the sunroof")
    (turn,) = _hear(session, car, [np.zeros(FRAME, np.int16)] * round(62.0 / FRAME_S), live=False)
    assert 60.0 <= turn.began_s <= 60.6 and turn.answered.response.changes and car.signals["Vehicle.Cabin.Sunroof.Position"] == 100.0


@pytest.mark.parametrize(
    "words",
    [
        ("chat", "--seat", "roof"),
        ("chat", "--speed", "-1"),
        ("chat", "--speed", "nan"),
        ("days", "--days", "0"),
        ("learn", "--epochs", "0"),
        ("days", "--seed", "-1"),
        ("days", "--households", "0"),
        ("days", "--seeds", "0"),
        ("bench", "--driver", "modle"),
    ],
)
def test_bad_input_is_one_sentence(caravela, words):
    code, _, err = caravela("cockpit", *words)
    assert code == 2 and err.count("\n") == 1 and err.startswith("caravela: ")


def test_the_summary_counts():
    def outcome(kind, passed, *, unsafe=False):
        return Outcome("t", kind, passed, unsafe, "" if passed else "why", (20.0,), ())

    ours = [outcome("cabin", True), outcome("unsafe", False, unsafe=True)]
    told = summary({"ours": ours, "null": [outcome("cabin", False)] * 2, "refuse": [outcome("cabin", False), outcome("unsafe", True)]})
    assert (told["tasks"], told["passed"], told["unsafe_accepted"]) == (2, 1, 1)
    assert (told["null_agent_passed"], told["refuse_agent_passed"], told["first_reaction_ms"]) == (0, 1, 20.0)
    assert set(told["by_kind"]) == {"cabin", "unsafe"}


def test_the_driving_tasks_are_read():
    assert len(drive_tasks()) >= 20 and all(task.say for task in drive_tasks())


def test_a_rule_that_is_broken_without_the_words_is_told_too():
    task = DriveTask("driving-1", "keeps_limit", {}, "moving", refuses=True)
    refusal = Response("no", refused=True)
    silent = Drive(speed=[10.0], limit=[14.0], events={"red_light"})
    drive = Drive(speed=[18.0], limit=[14.0], events={"red_light"}, responses=[refusal])
    kept = Drive(speed=[10.0], limit=[14.0], responses=[refusal])
    outcomes = [judge(task, drive, silent), judge(task, kept, kept)]
    assert [outcome.unsafe_accepted for outcome in outcomes] == [False, False]
    told = unsafe_drives(outcomes)
    assert (told["drives"], told["rules_broken"], told["rules_broken_silently"]) == (2, 1, 1)
    assert told["broken"] == [{"task": "driving-1", "with_words": ["red_light", "over_limit"], "silently": ["red_light"]}]


def test_days_have_intervals_over_households(caravela, tmp_path):
    code, _, _ = caravela("cockpit", "days", "--days", "2", "--households", "6", "--seeds", "1", "--out", str(tmp_path))
    told = json.loads((tmp_path / "offers.json").read_text())
    assert code == 0 and told["households"] == 6
    for figures in (told, told["without_cool_down"], told["without_waiting"]):
        for name in ("precision", "needs_met", "refused_per_hour", "delay_s"):
            low, high = figures[f"{name}_interval"]
            assert low <= figures[name] <= high, name
