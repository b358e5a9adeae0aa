"""`caravela cockpit`: talk to the cockpit's agent, open the car to other agents, examine its own on tasks, train its head, and count its offers
on simulated days."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands import Verb
from caravela.commands._cockpit_days import DaysOptions, run_days
from caravela.commands._cockpit_languages import (
    LanguagesOptions,
    LearnLanguagesOptions,
    run_languages,
    run_learn_languages,
    show_languages,
)
from caravela.commands._cockpit_serve import ClientsOptions, ServeOptions, run_clients, run_serve, show_clients, show_serve
from caravela.commands._cockpit_voice import ListenOptions, VoiceBenchOptions, run_listen, run_voice_bench, show_listen, show_voice_bench
from caravela.commands._writing import announced, unwritable, writable
from caravela.core.errors import CaravelaError, unknown_name

if TYPE_CHECKING:
    from caravela.cockpit.grading.grader import Outcome
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.response import Response
    from caravela.cockpit.sayings.measuring import Understood

HELP = "talk to the car's agent, and measure what it understands and does"
LONGEST_TRAINING = 200  # epochs
KINDS = ("cabin", "mixed", "multi-turn", "ambiguous", "unsafe", "driving")


@dataclass(frozen=True)
class ChatOptions:
    """Talk to the agent of a simulated car: a line is what is said, an empty line or the end of input leaves."""

    say: tuple[str, ...] = ()
    """What is said, one text a turn; without any, lines are read from the terminal."""
    speed: float = 36.0
    """How fast the car drives meanwhile, km/h."""
    seat: str = "driver"
    """Who speaks: driver, passenger, rear_driver or rear_passenger."""
    endpoint: str | None = None
    """Free-form talk by an OpenAI-compatible endpoint, such as http://127.0.0.1:8080/v1, for what the agent has no answer to; also by
    CARAVELA_DIALOGUE_URL. Its key, if it has one, is read from CARAVELA_DIALOGUE_KEY."""
    endpoint_model: str | None = None
    """The model to name there; also by CARAVELA_DIALOGUE_MODEL."""


DRIVERS = {"model": "the driving model that ships", "baseline": "route-following IDM baseline that obeys typed wishes"}


@dataclass(frozen=True)
class BenchOptions:
    """Every task, by the agent, by one that does nothing and by one that refuses everything."""

    drives: bool = True
    """The driving tasks too, in closed loop; they take some minutes."""
    driver: str = "model"
    """Who drives them: model, the driving model that ships; or baseline, which is made to obey and shows what the agent alone is worth."""
    town: str | None = None
    """Where they are driven; by default the first town that ships."""
    out: Path = Path("results")
    """Folder for cockpit.json."""


@dataclass(frozen=True)
class LearnOptions:
    """Train the head on generated phrasings: some minutes on one core."""

    epochs: int = 14
    """Times through all phrasings."""
    seed: int = 0
    """Of the phrasings, their order and the first weights."""
    out: Path | None = None
    """Where the weights go; by default over those that ship."""
    ablation: bool = False
    """Train two more, one that reads the sentence encoder alone and one that reads the bag of word pieces alone, and write down what each understands."""
    results: Path = Path("results")
    """Folder for cockpit-head.json, which --ablation writes."""


def run_chat(options: ChatOptions) -> dict[str, Any]:
    """A conversation, and what it changed."""
    import os
    import sys
    import time
    from dataclasses import replace

    from caravela.cockpit.dialogue import Dialogue
    from caravela.cockpit.endpoint import Endpoint
    from caravela.cockpit.grading.grader import Car
    from caravela.cockpit.languages.polyglot import Polyglot
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.tool import Place
    from caravela.core.units import from_kph

    if options.seat not in set(Place):
        raise unknown_name("seat", options.seat, Place)
    if not 0.0 <= options.speed <= 250.0:
        raise CaravelaError(f"--speed is {options.speed:g}; expected 0 to 250 km/h.")
    endpoint = Endpoint.found(options.endpoint, options.endpoint_model, os.environ)
    car, began = Car(), time.monotonic()
    # nobody drives it; one that stands is parked
    car.situation = replace(car.situation, speed=from_kph(options.speed), looks=(), arrived=options.speed == 0.0)
    understanding = Understanding()
    dialogue = Dialogue(car.agent(understanding, Polyglot(understanding)), endpoint)
    turns = []
    for line in options.say or iter(_next_line, ""):
        car.situation = replace(car.situation, t_s=time.monotonic() - began)
        answers = [("", response) for response in dialogue.tick()]  # what was put off has come due
        answers.append((line, dialogue.hear(line, seat=Place(options.seat))))
        if dialogue.trouble:
            print(f"without the endpoint: {dialogue.trouble}", file=sys.stderr)
        for said, response in answers:
            turns.append(_turn(said, response))
            if not options.say:
                print(f"{response.text}{_whose(from_endpoint=response.from_endpoint)}", file=sys.stderr)
    return {"turns": turns}


def _whose(*, from_endpoint: bool) -> str:
    """Whose words a reply holds, where they are not the car's."""
    return "  [another model's words, not the car's]" if from_endpoint else ""


def _turn(said: str, response: "Response") -> dict[str, Any]:
    """A turn for JSON; `said` is "" where the car speaks unasked."""
    return {
        "said": said,
        "reply": response.text,
        "changed": {change.path: change.after for change in response.changes},
        "requests": [type(request.wish).__name__ for request in response.requests],
        "ms": round(response.took_ms, 1),
        "from_endpoint": response.from_endpoint,
    }


def _next_line() -> str:
    import sys

    print("> ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().rstrip("\n")


def show_chat(result: dict[str, Any]) -> None:
    """The turns for people."""
    for turn in result["turns"]:
        whose = _whose(from_endpoint=turn["from_endpoint"])
        print(f"{turn['said']!r}: {turn['reply']}{whose}  ({turn['ms']:.0f} ms)" if turn["said"] else turn["reply"])
        for path, value in turn["changed"].items():
            print(f"    {path} = {value}")
        for request in turn["requests"]:
            print(f"    asks driving: {request}")


def run_bench(options: BenchOptions) -> dict[str, Any]:
    """Play and grade every task, thrice."""
    import json
    import sys

    from caravela.cockpit.grading.grader import AlwaysRefuse, Null, cabin_tasks, perform
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.sayings.measuring import measure

    if options.driver not in DRIVERS:
        raise unknown_name("driver", options.driver, DRIVERS)
    path = writable(options.out / "cockpit.json")
    understanding = Understanding()
    understanding("warm up")
    agents = {"ours": None, "null": Null(), "refuse": AlwaysRefuse()}
    outcomes = {name: [perform(task, understanding, agent=agent) for task in cabin_tasks()] for name, agent in agents.items()}
    print(f"{len(cabin_tasks())} tasks in the cabin done", file=sys.stderr)
    if options.drives:
        for name, driven in _drive_all(options, understanding).items():
            outcomes[name] += driven
    heard = measure(understanding)
    result = {
        **summary(outcomes),
        "unseen_phrasings": {
            "sayings": heard.sayings,
            "meaning": round(heard.meaning / heard.sayings, 4),
            "meaning_and_operation": round(heard.operation / heard.sayings, 4),
            "places": heard.places,
            "place": round(heard.place / heard.places, 4),
        },
        "words_of_the_suite": manners_heard(understanding),
        "driver": DRIVERS[options.driver] if options.drives else None,
        "failed": [{"task": o.task, "why": o.why, "reply": o.replies[-1] if o.replies else ""} for o in outcomes["ours"] if not o.passed],
    }
    try:
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return {**result, "out": str(path)}


def _drive_all(options: BenchOptions, understanding: Any) -> "dict[str, list[Outcome]]":
    """The driving tasks by every agent. One that asks driving for nothing gets the silent drive."""
    import sys
    from dataclasses import replace

    from caravela.cockpit.agent import CockpitAgent
    from caravela.cockpit.grading.judging import drive_tasks, judge
    from caravela.cockpit.response import Response
    from caravela.commands._cockpit_drives import Drives
    from caravela.vehicle.bundle import shipped
    from caravela.vehicle.policy import OnnxPolicy

    policy = OnnxPolicy(shipped()) if options.driver == "model" else None
    towns = {town: Drives(town or options.town, policy=policy) for town in dict.fromkeys(task.town for task in drive_tasks())}
    found: dict[str, list[Outcome]] = {"ours": [], "null": [], "refuse": []}
    for task in drive_tasks():
        drive, silent = towns[task.town].drive(task, lambda gate, look: CockpitAgent(gate, look=look, understanding=understanding))
        found["ours"].append(judge(task, drive, silent))
        found["null"].append(judge(task, silent, silent))
        found["refuse"].append(judge(task, replace(silent, responses=[Response("I can't do that.", refused=True)]), silent))
        print(f"{task.name}: {found['ours'][-1].why or 'passed'}", file=sys.stderr)
    return found


def manners_heard(understanding: "Understanding") -> dict[str, dict[str, int]]:
    """What the agent makes of the words that the suite `words` says to the driver, on which neither was trained, by what is asked. Of so many sayings
    so many are `right`: driving is asked just that, in idle talk nothing. `offered`: the agent asks whether it shall do just that. `otherwise`: it asks
    something else of driving, or moves something in the cabin."""
    import functools

    from caravela.cockpit.agent import CockpitAgent
    from caravela.cockpit.grading.grader import Car
    from caravela.core.request import Drive, DropRoute, Manner, Park, PullOver, Wish
    from caravela.evaluate.spoken import BRISK, GENTLE, PHRASES, STOP, TALK

    meant: dict[str, set[Wish]] = {GENTLE: {Drive(Manner.GENTLE)}, BRISK: {Drive(Manner.BRISK)}, STOP: {PullOver(), Park()}, TALK: set()}
    table = {}
    for manner, wanted in meant.items():
        counts = {"sayings": len(PHRASES[manner]), "right": 0, "offered": 0, "otherwise": 0}
        for words in PHRASES[manner]:
            car = Car()
            before = car.signals.snapshot()
            agent = CockpitAgent(car.gate, look=functools.partial(getattr, car, "situation"), understanding=understanding)
            asks = agent.hear(words).asked
            wishes = {request.wish for request in car.requests} - ({DropRoute()} if manner == STOP else set())  # "end the journey" is both
            moved = car.signals.snapshot() != before
            counts["right"] += not moved and wishes <= wanted and bool(wishes) == bool(wanted)
            counts["otherwise"] += moved or not wishes <= wanted
            if asks and wanted and not wishes and not moved:
                agent.hear("yes")
                counts["offered"] += {request.wish for request in car.requests} <= wanted and bool(car.requests)
        table[manner] = counts
    return table


def summary(outcomes: "dict[str, list[Outcome]]") -> dict[str, Any]:
    """The promised keys, and the same by kind of task."""
    import numpy as np

    ours = outcomes["ours"]
    reactions = np.array([ms for outcome in ours for ms in outcome.reactions_ms])
    kinds = [kind for kind in KINDS if any(outcome.kind == kind for outcome in ours)]
    return {
        "tasks": len(ours),
        "passed": sum(outcome.passed for outcome in ours),
        "unsafe_accepted": sum(outcome.unsafe_accepted for outcome in ours),
        "unsafe_drives": unsafe_drives(ours),
        "null_agent_passed": sum(outcome.passed for outcome in outcomes["null"]),
        "refuse_agent_passed": sum(outcome.passed for outcome in outcomes["refuse"]),
        "first_reaction_ms": round(float(np.median(reactions)), 1),
        "first_reaction_p95_ms": round(float(np.percentile(reactions, 95)), 1),
        "by_kind": {
            kind: {
                "tasks": sum(outcome.kind == kind for outcome in ours),
                **{name: sum(outcome.passed for outcome in several if outcome.kind == kind) for name, several in outcomes.items()},
            }
            for kind in kinds
        },
    }


def unsafe_drives(outcomes: "list[Outcome]") -> dict[str, Any]:
    """Of the drives on which something unsafe was asked for: on how many a rule was broken with the words, and on how many without them. What the
    driver does wrong either way no refusal mends, so it is told beside what was accepted."""
    drives = [outcome for outcome in outcomes if outcome.unsafe]
    return {
        "drives": len(drives),
        "rules_broken": sum(bool(drive.broken) for drive in drives),
        "rules_broken_silently": sum(bool(drive.broken_silently) for drive in drives),
        "broken": [
            {"task": drive.task, "with_words": list(drive.broken), "silently": list(drive.broken_silently)}
            for drive in drives
            if drive.broken or drive.broken_silently
        ],
    }


def show_bench(result: dict[str, Any]) -> None:
    """The table for people."""
    print(f"{'tasks':<12} {'of':>4} {'ours':>5} {'null':>5} {'refuse':>6}")
    rows = {**result["by_kind"]}
    rows["all"] = {
        "tasks": result["tasks"],
        "ours": result["passed"],
        "null": result["null_agent_passed"],
        "refuse": result["refuse_agent_passed"],
    }
    for kind, row in rows.items():
        print(f"{kind:<12} {row['tasks']:>4} {row['ours']:>5} {row['null']:>5} {row['refuse']:>6}")
    heard = result["unseen_phrasings"]
    print(f"unsafe requests accepted: {result['unsafe_accepted']}")
    if (unsafe := result["unsafe_drives"])["drives"]:
        print(
            f"drives on which something unsafe was asked for: a rule was broken on {unsafe['rules_broken']} of {unsafe['drives']}, without the words "
            f"on {unsafe['rules_broken_silently']}"
        )
        for one in unsafe["broken"]:
            print(f"  {one['task']}: {', '.join(one['with_words']) or 'none'}; without the words: {', '.join(one['silently']) or 'none'}")
    print(f"first reaction: {result['first_reaction_ms']:.0f} ms (median), {result['first_reaction_p95_ms']:.0f} ms (95th percentile)")
    print(f"unseen phrasings: {heard['meaning']:.1%} meaning, {heard['meaning_and_operation']:.1%} with operation, of {heard['sayings']}")
    told = ", ".join(
        f"{manner} {row['right']} of {row['sayings']} ({row['offered']} offered, {row['otherwise']} otherwise)"
        for manner, row in result["words_of_the_suite"].items()
    )
    print(f"the suite's words: {told}")
    for failed in result["failed"]:
        print(f"  failed {failed['task']}: {failed['why']}")


def run_learn(options: LearnOptions) -> dict[str, Any]:
    """Train, measure, write."""
    import sys

    from caravela.cockpit.reading.head import SHIPPED, Head
    from caravela.cockpit.reading.manners import SHIPPED as MANNERS
    from caravela.cockpit.reading.manners import Manners
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.sayings.learning import LearningConfig, Reads, learn, lessons_of
    from caravela.cockpit.sayings.manners import learn_manners
    from caravela.cockpit.sayings.measuring import measure
    from caravela.cockpit.sayings.phrasing import draw
    from caravela.words import SentenceEncoder

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if not 1 <= options.epochs <= LONGEST_TRAINING:
        raise CaravelaError(f"--epochs is {options.epochs}; expected 1 to {LONGEST_TRAINING}.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    path = announced(options.out or SHIPPED)
    manners = announced(path.with_name(MANNERS.name))
    ablation = writable(options.results / "cockpit-head.json") if options.ablation else None
    encoder = SentenceEncoder()
    config = LearningConfig(epochs=options.epochs, seed=options.seed)
    lessons = lessons_of(draw(config.seed), encoder, tell=tell)
    head = learn(config, encoder, lessons=lessons, tell=tell)
    try:
        head.save(path)
        learn_manners(encoder, tell=tell).save(manners)
    except OSError as error:
        raise unwritable(path, error) from error
    heard = measure(Understanding(encoder, Head.load(path), Manners.load(manners)))
    result = {
        "out": str(path),
        "kilobytes": round(path.stat().st_size / 1000),
        "unseen_sayings": heard.sayings,
        "meaning": round(heard.meaning / heard.sayings, 4),
        "meaning_and_operation": round(heard.operation / heard.sayings, 4),
    }
    if ablation is None:
        return result
    rows = {str(Reads.BOTH): _understood(heard)}
    for reads in (Reads.ENCODER, Reads.BAG):
        tell(f"{reads}:")
        rows[str(reads)] = _understood(measure(Understanding(encoder, learn(config, encoder, lessons=lessons, reads=reads, tell=tell))))
    return {
        **result,
        **_written_down({"epochs": options.epochs, "seed": options.seed, "sayings": heard.sayings, "ablation": rows}, ablation),
    }


def _understood(heard: "Understood") -> dict[str, float]:
    return {
        "meaning": round(heard.meaning / heard.sayings, 4),
        "meaning_and_operation": round(heard.operation / heard.sayings, 4),
        "place": round(heard.place / heard.places, 4),
    }


def _written_down(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """`result`, once it is in its file."""
    import json

    try:
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return {"ablation": result["ablation"], "written": str(path)}


VERBS = {
    "chat": Verb(ChatOptions, run_chat, "talk to the agent of a simulated car", show_chat),
    "listen": Verb(ListenOptions, run_listen, "talk to it by voice: a recording, or a microphone (extra `voice`)", show_listen),
    "serve": Verb(ServeOptions, run_serve, "open a simulated car to other agents, as an MCP server", show_serve),
    "clients": Verb(ClientsOptions, run_clients, "which other agents may do what: list, allow, revoke", show_clients),
    "bench": Verb(
        BenchOptions, run_bench, "grade it on tasks beside an agent that does nothing and one that refuses everything", show_bench
    ),
    "voice-bench": Verb(VoiceBenchOptions, run_voice_bench, "word errors and delay on synthesised speech in noise", show_voice_bench),
    "languages": Verb(LanguagesOptions, run_languages, "how well it understands German and Chinese (extra `languages`)", show_languages),
    "learn-languages": Verb(LearnLanguagesOptions, run_learn_languages, "train what reads German and Chinese, on generated phrasings"),
    "days": Verb(DaysOptions, run_days, "count its offers on simulated days"),
    "learn": Verb(LearnOptions, run_learn, "train the head that understands, on generated phrasings"),
}
