"""`caravela evaluate sight`: is what the driver says it sees there, and does it say what is there?"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._map_sides import test_side
from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError


@dataclass(frozen=True)
class SightOptions:
    """Look at a driver's own drives among dense traffic, with trouble on the way, by day, night, in rain and fog: of the vehicles, two-wheelers
    and people that its cameras show, whom does it tell of, and is whom it tells of there? It is what the cockpit answers from."""

    bundle: Path | None = None
    """A bundle folder or .onnx file; by default the model that ships."""
    maps: Path | None = None
    """A folder of maps (.lanes, .osm, …); by default the test side, see `caravela evaluate run`."""
    limit: int | None = None
    """At most so many maps, the first; each gives 160 looks of 8 drives."""
    seed: int = 0
    """Of the drives."""
    out: Path = Path("results")
    """Folder for sight.json."""
    library: Path = Path(".cache/maps/test")
    """Where the maps of the test side are kept (made there if they are not)."""
    threads: int = 1
    """Threads of the model."""


def sight(options: SightOptions) -> dict[str, Any]:
    """Drive, look, count."""
    import time

    from caravela.commands._drivers import SHIPPED_DRIVER
    from caravela.evaluate.places import read_folder
    from caravela.evaluate.sighted import looks_of, table
    from caravela.vehicle.policy import OnnxPolicy
    from caravela.world import atlas

    least = {"limit": (options.limit, 1), "seed": (options.seed, 0), "threads": (options.threads, 1)}
    for name, (value, lowest) in least.items():
        if value is not None and value < lowest:
            raise CaravelaError(f"--{name} is {value}; expected {lowest} or more.")
    policy = OnnxPolicy(options.bundle or SHIPPED_DRIVER, threads=options.threads, tells=True)
    if not policy.tells:
        raise CaravelaError(
            f"the driver '{policy.name}' does not put out who it sees; expected one that this version exported: export it again."
        )
    path = writable(options.out / "sight.json")
    places = (read_folder(options.maps) if options.maps is not None else test_side(options.library))[: options.limit]
    began, looks = time.perf_counter(), []
    for number, place in enumerate(places):
        looks += looks_of(policy, atlas.build([place.graph]), seed=options.seed + number)
        print(f"{place.name}: {len(looks):,} looks so far", file=sys.stderr)
    result = {
        "policy": policy.name,
        "identity": policy.bundle.sha256(),
        "seed": options.seed,
        "maps": len(places),
        "held_out": all(place.held_out for place in places),
        "git_revision": git_revision(),
        "wall_s": round(time.perf_counter() - began, 1),
        "looks": len(looks),
        "kinds": table(looks),
    }
    try:
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return {**result, "out": str(path)}


def show_sight(result: dict[str, Any]) -> None:
    """The same for people."""
    unseen = "" if result["held_out"] else " (not all of the test side)"
    print(f"{result['policy']} on {result['maps']} maps{unseen}, {result['looks']:,} looks")
    for kind, sides in result["kinds"].items():
        for side, row in sides.items():
            told_of, there, off = (row[name] for name in ("told_of", "there", "metres_off"))
            print(
                f"  {kind.replace('_', '-'):<12} {side:<6} told of {_share(told_of)} of {row['plain']:>4} plain to see; "
                f"there {_share(there)} of {row['told']:>4} told of, {'–' if off is None else f'{off:.1f}'} m off"
            )
    print(f"written to {result['out']}")


def _share(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.0%}"
