"""`caravela cockpit bench`: every task by the cockpit's agent, by one that does nothing and by one that refuses everything."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._writing import unwritable, writable
from caravela.core.errors import unknown_name

if TYPE_CHECKING:
    from caravela.cockpit.grading.grader import Outcome
    from caravela.cockpit.reading.understanding import Understanding

KINDS = ("cabin", "mixed", "multi-turn", "ambiguous", "unsafe", "driving")
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

    meant: dict[str, set[Wish]] = {
        GENTLE: {Drive(Manner.GENTLE)},
        BRISK: {Drive(Manner.BRISK)},
        STOP: {PullOver(), PullOver(at_once=True), Park()},
        TALK: set(),
    }
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
