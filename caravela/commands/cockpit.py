"""`caravela cockpit`: talk to the cockpit's agent, open the car to other agents, examine its own on tasks, train its head, and count its offers
on simulated days."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands import Verb
from caravela.commands._cockpit_bench import BenchOptions, run_bench, show_bench
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
    from caravela.cockpit.response import Response
    from caravela.cockpit.sayings.measuring import Understood

HELP = "talk to the car's agent, and measure what it understands and does"
LONGEST_TRAINING = 200  # epochs


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
    if not options.say:
        print("Say something to the car, such as “warmer” or “turn left at the lights”; an empty line ends.", file=sys.stderr)
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
