"""`caravela evaluate`: how well something drives, in numbers. `run` drives a suite, `compare` sets two results side by side, `candidate`
drives a new driver beside the one that ships where drivers are chosen, `frontier` sweeps how soon they hand over, `counterfactual` changes one
thing in what a driver sees, `sight` holds whom it says it sees against who is there, `peers` lets another simulator judge."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands import Verb
from caravela.commands._evaluate_candidate import CandidateOptions, candidate, show_candidate
from caravela.commands._evaluate_counterfactual import CounterfactualOptions, counterfactual, show_counterfactual
from caravela.commands._evaluate_frontier import FrontierOptions, frontier, show_frontier
from caravela.commands._evaluate_peers import PeersOptions, peers, show_peers
from caravela.commands._evaluate_run import RunOptions, run, show_run
from caravela.commands._evaluate_sight import SightOptions, show_sight, sight
from caravela.commands._numbers import at_least
from caravela.commands._result_file import names_of_two, read_pair

HELP = "drive a suite and score it; compare results and frontiers; ask counterfactuals and peers"


@dataclass(frozen=True)
class CompareOptions:
    """Two results on the drives that they share: paired, with intervals clustered over maps."""

    first: tyro.conf.Positional[Path]
    """A JSON file that `caravela evaluate run` wrote."""
    second: tyro.conf.Positional[Path]
    """Another one."""
    seed: int = 0
    """Of the bootstrap."""


def compare(options: CompareOptions) -> dict[str, Any]:
    """Read both, pair their drives."""
    from caravela.evaluate.summary import compare as compare_rows
    from caravela.evaluate.summary import times_better

    at_least(0, seed=options.seed)
    needed = {"map", "seed", "allowed_s", "success", "distance_m", "expected_m", "failures", "progress"}
    results = read_pair(options.first, options.second, needs=needed)
    a, b = names_of_two(results, (options.first, options.second))
    compared = compare_rows(results[0]["rows"], results[1]["rows"], seed=options.seed)
    return {"suite": results[0]["suite"], "first": a, "second": b, "said": times_better(a, b, compared), **compared}


def show_compare(result: dict[str, Any]) -> None:
    """The same for people."""
    from caravela.evaluate.statistics import spelled

    a, b = result["success"]
    print(f"{result['episodes']} drives on {result['maps']} maps: {result['first']} {a:.1%}, {result['second']} {b:.1%};")
    print(f"  difference {result['success_difference']:+.1%} ({spelled(result['success_difference_ci'], '+.1%')});")
    print(
        f"  only {result['first']} succeeds in {result['only_first_succeeds']}, only {result['second']} in {result['only_second_succeeds']};"
    )
    print(f"  {result['said']}")


VERBS = {
    "run": Verb(RunOptions, run, "drive a suite and score it", show_run),
    "compare": Verb(CompareOptions, compare, "two results, drive by drive", show_compare),
    "candidate": Verb(CandidateOptions, candidate, "is another driver worth the test drives?", show_candidate),
    "frontier": Verb(FrontierOptions, frontier, "two results at every threshold of their risk", show_frontier),
    "counterfactual": Verb(CounterfactualOptions, counterfactual, "one thing changes: does the plan?", show_counterfactual),
    "sight": Verb(SightOptions, sight, "is whom it says it sees there?", show_sight),
    "peers": Verb(PeersOptions, peers, "another simulator judges: MetaDrive", show_peers),
}
