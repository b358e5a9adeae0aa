"""`caravela vehicle domains`: the same routes driven isolated and integrated, and the table of both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._map_sides import test_side
from caravela.commands._progress import Bar
from caravela.commands._result_file import git_revision, text_of
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.evaluate.episodes import Episode
    from caravela.evaluate.places import Place
    from caravela.vehicle.policy import OnnxPolicy

ASK_S = 10.0  # s that a drive goes on after a request


@dataclass(frozen=True)
class DomainsOptions:
    """Drive the same routes isolated (the driver's plan as it is) and integrated (powertrain, chassis and people are part of the plan). A
    run that was stopped goes on with the next map."""

    maps: Path | None = None
    """A folder of maps; by default the test side. Weights are chosen on .cache/maps/validation, never here."""
    pairs: int = 64
    """Pairs of drives in all, spread over the maps and the four conditions in turn."""
    seconds: float = 60.0
    """How long a drive is."""
    seed: int = 0
    """Of the starts."""
    ask: bool = True
    """Also drive each pair up to a request to stop, and measure how soon the car slows down."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    out: Path = Path("results/domains.json")
    """The result."""
    library: Path = Path(".cache/maps/test")
    """Where the maps of the test side are kept (made there if they are not)."""


def run_domains(options: DomainsOptions) -> dict[str, Any]:
    """Drive, compare, write."""
    import time

    from caravela.vehicle.bundle import shipped
    from caravela.vehicle.policy import OnnxPolicy

    if options.pairs < 1:
        raise CaravelaError(f"--pairs is {options.pairs}; expected at least 1.")
    if not 20.0 <= options.seconds <= 300.0:
        raise CaravelaError(f"--seconds is {options.seconds:g}; expected 20 to 300.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    path = writable(options.out)
    began, policy = time.perf_counter(), OnnxPolicy(options.policy or shipped())
    places = _places(options)
    rows, parts = _driven(places, policy, options)
    result = {
        "policy": policy.name,
        "seed": options.seed,
        "git_revision": git_revision(),
        "wall_s": round(time.perf_counter() - began, 1),
        "held_out": all(place.held_out for place in places),
        **_figures(rows, seed=options.seed),
        "rows": rows,
    }
    try:
        path.write_text(text_of(result))
    except OSError as error:
        raise unwritable(path, error) from error
    for part in parts:
        part.unlink(missing_ok=True)
    return {**{key: value for key, value in result.items() if key != "rows"}, "out": str(path)}


def _places(options: DomainsOptions) -> "list[Place]":
    """The maps that are driven on."""
    from caravela.evaluate.places import read_folder

    places = read_folder(options.maps) if options.maps is not None else test_side(options.library)
    return _spread(places, options.pairs)


def _driven(places: "Sequence[Place]", policy: "OnnxPolicy", options: DomainsOptions) -> tuple[list[dict[str, Any]], list[Path]]:
    """All pairs, map after map, and the files that keep what is done until the result is written."""
    from caravela.evaluate import kept
    from caravela.evaluate.places import DRIVERS, program_digest
    from caravela.evaluate.run import select
    from caravela.evaluate.suites import suite_named
    from caravela.vehicle.domains.integrated import Choice
    from caravela.world.maps.catalogue import cache_folder

    suite = replace(suite_named("nominal"), seconds=options.seconds)
    cache, code, model = cache_folder().parent / "evaluate", program_digest(DRIVERS), policy.bundle.sha256()
    rows: list[dict[str, Any]] = []
    parts: list[Path] = []
    with Bar() as bar:
        chosen = select(places, suite, episodes=options.pairs, seed=options.seed, cache=cache / "starts", watcher=bar)
        bar.stage("isolated and integrated", total=sum(map(len, chosen.values())))
        for place in places:
            if episodes := chosen[place.name]:
                starts = [asdict(each) for each in episodes]
                key = (code, model, place.digest, starts, len(rows), asdict(Choice()), options.ask)
                part = cache / "domains" / f"{kept.key(key)}.json"
                mine = kept.read(part)
                if mine is None:
                    mine = drive_pairs(place, episodes, policy, offset=len(rows), ask=options.ask)
                    kept.write(part, mine)
                rows += mine
                parts.append(part)
                bar.advance(len(mine))
    return rows, parts


def _figures(rows: list[dict[str, Any]], *, seed: int) -> dict[str, Any]:
    """What the pairs come to, in all and by condition."""
    from caravela.evaluate.domain_table import reactions, table, verdict
    from caravela.vehicle.domains.integrated import Choice
    from caravela.world.whole_car import CONDITIONS

    figures = table(rows, seed=seed)
    return {
        **figures,
        "reaction": reactions(rows),
        "verdict": verdict(figures),
        "conditions": {
            name: {"about": condition.about, **table(those, seed=seed)}
            for name, condition in CONDITIONS.items()
            if (those := [row for row in rows if row["condition"] == name])
        },
        "choice": asdict(Choice()),
    }


def _spread(places: "Sequence[Place]", pairs: int) -> "list[Place]":
    """As many maps as there are pairs at most, evenly from the whole list, so that a short run sees many places."""
    count = min(len(places), pairs)
    return [places[(2 * k + 1) * len(places) // (2 * count)] for k in range(count)]


def drive_pairs(place: "Place", episodes: "Sequence[Episode]", policy: "OnnxPolicy", *, offset: int, ask: bool) -> list[dict[str, Any]]:
    """The pairs of one map, some side by side. `offset`: pairs before these, so that conditions go on in turn."""
    from caravela.core.request import PullOver
    from caravela.evaluate.cars import ASKED_AT_S, Asked, Cars
    from caravela.evaluate.domain_table import ARMS, reaction, row_of
    from caravela.evaluate.domains import drive_whole
    from caravela.evaluate.suites import suite_named
    from caravela.vehicle.domains.integrated import IntegratedPolicy
    from caravela.world import atlas as atlas_module
    from caravela.world.simulator import Simulator
    from caravela.world.whole_car import CONDITIONS

    conditions = [list(CONDITIONS.values())[(offset + k) % len(CONDITIONS)] for k in range(len(episodes))]
    atlas, cars, rows, scene = atlas_module.build([place.graph]), list[Cars](), [], None
    arms = (policy, IntegratedPolicy(policy, lambda: cars[0].buses))
    batch = suite_named("nominal").batch
    for first in range(0, len(episodes), batch):
        several, theirs = episodes[first : first + batch], conditions[first : first + batch]
        simulator = Simulator(atlas, batch=len(several), rig=policy.rig, weathers=[each.weather for each in theirs], scene=scene)
        scene = simulator.scene
        drives = [drive_whole(simulator, arm, cars, several, theirs) for arm in arms]
        mine = [
            row_of(episode, condition, pair) for episode, condition, pair in zip(several, theirs, zip(*drives, strict=True), strict=True)
        ]
        if ask:
            told = [drive_whole(simulator, arm, cars, several, theirs, asked=Asked(PullOver()), seconds=ASKED_AT_S + ASK_S) for arm in arms]
            for k, row in enumerate(mine):
                times = {name: reaction(drives[a][k].ride, told[a][k].ride) for a, name in enumerate(ARMS)}
                under_way = all(each[k].ride[: round(ASKED_AT_S / 0.1), 0][-1:].max(initial=0.0) > 2.0 for each in drives)
                row["reaction_s"] = times if under_way else None
        rows += mine
    return rows


def show_domains(result: dict[str, Any]) -> None:
    """The table for people."""

    print(
        f"{result['compared']} of {result['pairs']} pairs on {result['maps']} maps compared, {result['km'] or 0.0:.1f} km each "
        "(95 % intervals over maps)"
    )
    for key, what in MEASURES.items():
        if key in result:
            row = result[key]
            change = "" if row["ratio"] is None else f"{row['ratio'] - 1.0:+.1%}{_span(row['ratio_ci'], less=1.0)}"
            print(f"  {what:<38} {row['isolated']:8.2f} {row['integrated']:8.2f}  {change}")
    for key, what in (("success", "drives that succeed"), ("harm", "drives that do harm")):
        row = result[key]
        print(f"  {what:<38} {row['isolated']:8.1%} {row['integrated']:8.1%}  {row['difference']:+.1%}{_span(row['difference_ci'])}")
    if result["reaction"]:
        mine, other = result["reaction"]["isolated"], result["reaction"]["integrated"]
        said = [f"{each['reacted']} of {result['reaction']['requests']} (median {each['median_s']} s)" for each in (mine, other)]
        print(f"  asked to stop, slower within {result['reaction']['within_s']:.0f} s: isolated {said[0]}, integrated {said[1]}")
    print(f"target {'met' if result['verdict']['met'] else 'missed'}: {result['verdict']}")
    print(f"written to {result['out']}; `caravela results` puts it into docs/results.md")


def _span(interval: "Sequence[float | None]", *, less: float = 0.0) -> str:
    """An interval in percent; nothing where there are too few maps for one."""
    ends = [f"{end - less:+.1%}" for end in interval if end is not None]
    return f" ({' to '.join(ends)})" if len(ends) == len(interval) else ""


MEASURES = {
    "seconds_per_km": "time, s per km",
    "energy_wh_per_km": "energy, Wh per km",
    "friction_wh_per_km": "lost in the brakes, Wh per km",
    "dose": "motion-sickness dose, m/s^1.5",
    "discomfort": "weighted acceleration, m/s^2",
}
