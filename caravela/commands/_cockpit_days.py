"""`caravela cockpit days`: offers on simulated days of several households, with intervals over the households."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.cockpit.grading.days import Days

MOST_DAYS, MOST_HOUSEHOLDS, MOST_SEEDS = 3650, 500, 100


@dataclass(frozen=True)
class DaysOptions:
    """Offers on simulated days: how many were welcome, and how many a nuisance."""

    days: int = 10
    """Of each household."""
    households: int = 20
    """How many, each with people of its own: what they want at all, and where they sit."""
    seeds: int = 3
    """How often, with other households, trips and sensors each time."""
    seed: int = 0
    """The first of them."""
    out: Path = Path("results")
    """Folder for offers.json."""


def run_days(options: DaysOptions) -> dict[str, Any]:
    """Live the days: as the car does, without cool-downs, and taking every flicker for a need."""
    import json

    from caravela.cockpit.grading.days import households

    for name, most in (("days", MOST_DAYS), ("households", MOST_HOUSEHOLDS), ("seeds", MOST_SEEDS)):
        if not 1 <= (got := getattr(options, name)) <= most:
            raise CaravelaError(f"--{name} is {got}; expected 1 to {most}.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    path = writable(options.out / "offers.json")
    ours, hasty, nervous = (
        told(households(options.households, options.days, seeds=options.seeds, seed=options.seed, patient=patient, steady=steady))
        for patient, steady in ((True, True), (False, True), (True, False))
    )
    chosen = {name: getattr(options, name) for name in ("days", "households", "seeds", "seed")}
    result = {**chosen, **ours, "without_cool_down": hasty, "without_waiting": nervous}
    try:
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return {**result, "out": str(path)}


def told(lived: "list[Days]") -> dict[str, Any]:
    """The figures of all households together, those that vary with a 95 % interval: households are drawn again, not offers."""
    import numpy as np

    from caravela.evaluate.statistics import bootstrap, rounded, share

    def figure(name: str, pairs: list[tuple[float, float]], digits: int) -> dict[str, Any]:
        sums = np.array(pairs, np.float64)
        above, below = sums.sum(axis=0)
        return {name: round(float(above / max(below, 1e-9)), digits), f"{name}_interval": rounded(bootstrap(sums, share), digits)}

    names = list(lived[0].by_service)
    services = {name: (sum(days.by_service[name][0] for days in lived), sum(days.by_service[name][1] for days in lived)) for name in names}
    return {
        "hours": round(sum(days.hours for days in lived), 1),
        "offers": sum(days.offers for days in lived),
        **figure("precision", [(days.accepted, days.offers) for days in lived], 3),
        **figure("needs_met", [(days.met, days.needs) for days in lived], 3),
        **figure("refused_per_hour", [(days.offers - days.accepted, days.hours) for days in lived], 3),
        **figure("delay_s", [(days.delay_s * days.met, days.met) for days in lived], 1),
        "answers_that_did_not_count": sum(days.not_theirs for days in lived),
        "offers_that_nobody_aboard_could_answer": sum(days.unanswered for days in lived),
        "by_service": {
            name: {
                "offered": offered,
                "accepted": yes,
                "accepted_interval": rounded(bootstrap(np.array([days.by_service[name][::-1] for days in lived], np.float64), share), 3),
            }
            for name, (offered, yes) in services.items()
        },
    }
