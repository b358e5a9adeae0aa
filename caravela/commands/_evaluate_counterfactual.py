"""`caravela evaluate counterfactual`: one thing changes in what the driver sees; does its plan change as it should?"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._drivers import driver_named
from caravela.commands._map_sides import test_side
from caravela.commands._result_file import git_revision, text_of
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.core.types import Observation, Plan


@dataclass(frozen=True)
class CounterfactualOptions:
    """Show a driver moments twice, everything the same but one thing: the light ahead red or green, the vehicle ahead there or not, a
    person in the way or not. Is the planned speed lower with the cause? Two controls change what should change nothing."""

    policy: str = "driver"
    """driver (the model that ships), blind (the same with black pictures), or the path of an exported model."""
    looks: int = 100
    """Moments of each kind, spread over the maps."""
    maps: Path | None = None
    """A folder of maps (.lanes, .osm, …); by default the test side, see `caravela evaluate run`."""
    bundle: Path | None = None
    """The model that `blind` blindfolds; the one that ships by default."""
    seed: int = 0
    """Of the drives that the moments are taken from."""
    out: Path = Path("results")
    """Folder for counterfactual-POLICY.json."""
    library: Path = Path(".cache/maps/test")
    """Where the maps of the test side are kept (made there if they are not)."""
    threads: int = 1
    """Threads of the model."""


def counterfactual(options: CounterfactualOptions) -> dict[str, Any]:
    """Find moments, show them, count."""
    import time

    import numpy as np

    from caravela.evaluate.counterfactual import look, shares
    from caravela.evaluate.drivers import PolicyDriver
    from caravela.evaluate.places import read_folder
    from caravela.vehicle.policy import OnnxPolicy

    for name, value, least in (("looks", options.looks, 1), ("seed", options.seed, 0), ("threads", options.threads, 1)):
        if value < least:
            raise CaravelaError(f"--{name} is {value}; expected {least} or more.")
    driver, identity = driver_named(options.policy, bundle=options.bundle, threads=options.threads)
    if not isinstance(driver, PolicyDriver) or not isinstance(driver.policy, OnnxPolicy):
        raise CaravelaError(
            f"the policy '{options.policy}' looks at no pictures; expected driver, blind, or the path of an exported model."
        )
    policy = driver.policy
    path = writable(options.out / f"counterfactual-{driver.name}.json")
    places = read_folder(options.maps) if options.maps is not None else test_side(options.library)

    def plan(seen: "Observation") -> "Plan":
        return policy.plan(replace(seen, images=np.zeros_like(seen.images)) if driver.sees == "nothing" else seen)

    def told(place: str, done: int) -> None:
        print(f"{place}: {done} moments so far", file=sys.stderr)

    began = time.perf_counter()
    rows = look(places, plan, policy.rig, looks=options.looks, seed=options.seed, told=told)
    if not rows:
        raise CaravelaError(f"the {len(places)} maps offered no moment; give larger maps with --maps.")
    result = {
        "policy": driver.name,
        "sees": driver.sees,
        "identity": identity,
        "seed": options.seed,
        "maps": len(places),
        "held_out": all(place.held_out for place in places),
        "git_revision": git_revision(),
        "wall_s": round(time.perf_counter() - began, 1),
        "kinds": shares(rows, seed=options.seed),
        "rows": rows,
    }
    try:
        path.write_text(text_of(result))
    except OSError as error:
        raise unwritable(path, error) from error
    return {**{key: value for key, value in result.items() if key != "rows"}, "out": str(path)}


SAID = {
    "light": "red or green ahead: slower at red",
    "lead": "a vehicle ahead or none: slower behind it",
    "person": "a person in the way or not: slower with",
    "other_lights": "lights for others red or green: the same",
    "bystander": "somebody in nobody's way, or gone: the same",
}


def show_counterfactual(result: dict[str, Any]) -> None:
    """The same for people."""
    from caravela.evaluate.statistics import span

    unseen = "" if result["held_out"] else " (not all of the test side)"
    print(f"{result['policy']} on {result['maps']} maps{unseen}; share of right plans, 95 % interval over maps")
    for kind, row in result["kinds"].items():
        if not row["n"]:
            print(f"  {SAID[kind]:<45} no moment found")
            continue
        print(
            f"  {SAID[kind]:<45} {row['right']:6.1%} ({span(row['right_ci'])}) of {row['n']}; median {row['median_slower_by']:+.2f} m/s slower"
        )
    print(f"written to {result['out']}")
