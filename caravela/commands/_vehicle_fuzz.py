"""`caravela vehicle fuzz`: a hundred thousand messages and damaged bundles made by chance, and what the car makes of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._numbers import at_least, within
from caravela.commands._progress import progress
from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

MOST = 100_000_000  # tries of a kind
WHAT = {"bus": "messages on the bus", "cards": "bundles' cards", "states": "states of a car's versions", "bundles": "bundle files"}


@dataclass(frozen=True)
class FuzzOptions:
    """Send the bus messages made by chance while a car drives itself by the plan that listens to it, and damage bundles, their cards and the
    line that holds a car's state. Ends with exit code 1 where something crashed or was unsafe."""

    messages: int = 100_000
    """On the bus."""
    cards: int = 20_000
    """What a bundle says of itself, damaged."""
    states: int = 20_000
    """Lines that hold a car's state, damaged."""
    bundles: int = 200
    """Bundle files, damaged beside their fingerprint."""
    seed: int = 0
    """The same seed, the same damage."""
    policy: Path | None = None
    """The bundle that is damaged; by default the one that ships."""
    out: Path | None = Path("results/fuzz.json")
    """The counts."""


def run_fuzz(options: FuzzOptions) -> dict[str, Any]:
    """Send, damage, count, write. Raises CaravelaError for bad options."""
    import json
    import time

    from caravela.core.bundle import fingerprint_of
    from caravela.vehicle import fuzz
    from caravela.vehicle.bench.trial import model_file
    from caravela.vehicle.bundle import open_bundle, shipped

    at_least(0, seed=options.seed)
    within(1, MOST, messages=options.messages)
    within(0, MOST, cards=options.cards, states=options.states, bundles=options.bundles)
    file = model_file(options.policy or shipped())
    card = open_bundle(file).card
    if options.bundles and not fingerprint_of(file).is_file():
        raise CaravelaError(f"'{file}' has no fingerprint beside it, so no damage can be told; give --bundles 0 or another --policy.")
    if options.out is not None:
        writable(options.out)
    tenth, began = max(options.messages // 10, 1), time.perf_counter()
    told = [0]

    def say(done: int) -> None:
        if done // tenth > told[0]:
            told[0] = done // tenth
            progress(f"{done:,} messages …")

    kinds = {
        "bus": fuzz.fuzz_bus(options.messages, seed=options.seed, progress=say),
        "cards": fuzz.fuzz_cards(card, options.cards, seed=options.seed),
        "states": fuzz.fuzz_states(options.states, seed=options.seed),
        "bundles": fuzz.fuzz_bundles(file, options.bundles, seed=options.seed),
    }
    totals = {name: sum(kind[name] for kind in kinds.values()) for name in ("messages", "accepted", "refused", "crashes", "unsafe")}
    result = {**totals, **kinds, "seed": options.seed, "wall_s": round(time.perf_counter() - began, 1), "git_revision": git_revision()}
    if options.out is not None:
        try:
            options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
        except OSError as error:
            raise unwritable(options.out, error) from error
    return {**result, "out": None if options.out is None else str(options.out)}


def show_fuzz(result: dict[str, Any]) -> None:
    """The same for people."""
    for name, what in WHAT.items():
        kind = result[name]
        print(
            f"{kind['messages']:>9,} {what}: {kind['accepted']:,} accepted, {kind['refused']:,} refused, {kind['crashes']} crashes, "
            f"{kind['unsafe']} unsafe"
        )
        for sentence in kind["wrong"]:
            print(f"          {sentence}")
    bus = result["bus"]
    print(
        f"{result['messages']:>9,} in all: {result['crashes']} crashes, {result['unsafe']} unsafe; {bus['by_the_network']:,} of {bus['ticks']:,} ticks "
        f"were driven by the network meanwhile, 4 s ahead its plan at most {bus['ahead_m_in_4_s']} m ahead of the model's own"
    )


def fuzz_code(result: dict[str, Any]) -> int:
    """1 where something crashed or was unsafe."""
    return 1 if result["crashes"] or result["unsafe"] else 0
