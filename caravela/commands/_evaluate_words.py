"""The suite `words` of `caravela evaluate run`: every start once per manner of words, and whether the drives change as asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from caravela.evaluate.drivers import Driver
    from caravela.evaluate.driving import Watcher
    from caravela.evaluate.run import Outcome, Run


def drive_spoken(
    work: "Run", driver: "Driver", *, watcher: "Watcher", before: "Callable[[Run], None]"
) -> "tuple[list[Outcome], list[dict[str, Any]], dict[str, Any], list[Path]]":
    """The untold drives' outcomes, their verdicts per manner (see `evaluate.spoken.verdicts`), the tables `words` and `dial`, and the files that
    keep the drives until the result is written. `before` is called with each manner's work first: it may drive some of it elsewhere."""
    from caravela.evaluate.run import collect
    from caravela.evaluate.spoken import DIAL, MANNERS, SILENCE, Ride, table, verdicts
    from caravela.evaluate.summary import rows_of, summarise

    outcomes, parts = {}, []
    for manner in MANNERS:
        mine = replace(work, manner=manner)
        before(mine)
        outcomes[manner], kept = collect(mine, driver, watcher=watcher)
        parts += kept
    rides = {
        manner: [Ride(each.ride or (), each.score.failures, each.score.extra["first_failure_s"]) for each in several]
        for manner, several in outcomes.items()
    }
    starts = [outcome.episode for outcome in outcomes[SILENCE]]
    rows = verdicts(rides, starts)
    dial = {manner: summarise(rows_of(outcomes[manner], work.places)) for manner in DIAL}
    return outcomes[SILENCE], rows, {"words": table(rows, [start.map for start in starts]), "dial": dial}, parts


def as_understood() -> tuple[tuple[str, str], ...]:
    """Of all that the suite says, what the driver hears of it in the car: the words of the wishes that the cockpit's agent hands on, "" where it asks
    driving for nothing, or only the sat-nav. Where the agent asks whether it shall, people who asked for something say yes, and who just talked no."""
    import functools

    from caravela.cockpit.agent import CockpitAgent
    from caravela.cockpit.grading.grader import Car
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.evaluate.spoken import PHRASES, TALK
    from caravela.vehicle.domains.wishes import Wishes

    understanding, heard = Understanding(), {}
    for manner, phrase in ((manner, phrase) for manner, several in PHRASES.items() for phrase in several if phrase):
        car, wishes = Car(), Wishes()
        agent = CockpitAgent(car.gate, look=functools.partial(getattr, car, "situation"), understanding=understanding)
        if agent.hear(phrase).text.startswith("Shall I"):
            agent.hear("no" if manner == TALK else "yes")
        for request in car.requests:
            wishes.hear(request.wish)
        heard[phrase] = wishes.words
    return tuple(heard.items())


def show_dial(dial: dict[str, Any]) -> None:
    """What each style is worth, for people."""
    from caravela.evaluate.statistics import span

    print("the style dial, all drives of the same starts:")
    for manner, row in dial.items():
        energy = "–" if row["energy_wh_per_km"] is None else f"{row['energy_wh_per_km']:.0f} Wh/km"
        print(
            f"  {manner:<8} score {row['score']:.1%} ({span(row['score_ci'])}); progress {row['progress']:.1%}, comfort {row['comfort']:.1%}, {energy}"
        )


def show_words(words: dict[str, Any]) -> None:
    """The table for people."""
    from caravela.evaluate.spoken import MEASURED
    from caravela.evaluate.statistics import span

    print("told from the same starts, in words that nothing is trained on (95 % interval); a driver that ignores words: 0 %")
    for asked, row in words.items():
        if row["right"] is None:
            print(f"  {asked:<8} of {row['drives']} drives none can be compared: they ended too soon")
            continue
        by_chance = "–" if row["by_chance"] is None else f"{row['by_chance']:.0%}"
        heeded = "–" if row["heeded"] is None else f"{row['heeded']:.0%}"
        size = MEASURED[asked]
        print(
            f"  {asked:<8} {row['right']:5.1%} change as asked ({span(row['right_ci'])}), {row['judged']} of {row['drives']} drives judged; "
            f"idle talk {by_chance}; failing let pass {heeded}; {size.replace('_', ' ')} {row[size]}"
        )
