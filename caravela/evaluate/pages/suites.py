"""The sections of docs/results.md on what was driven in closed loop: a suite each, every policy that drove it beside the others."""

from collections.abc import Sequence
from typing import Any

from caravela.evaluate import abroad, spoken
from caravela.evaluate.episodes import FREE_FLOW_SHARE
from caravela.evaluate.referee import LEAST_KM, LEAST_PROGRESS, NAMES, OFF_ROAD_S, WRONG_WAY_S
from caravela.evaluate.statistics import LEAST_CLUSTERS
from caravela.evaluate.suites import SUITES
from caravela.evaluate.summary import reds_run, report_of
from caravela.world.incidents.kinds import KINDS

Result = dict[str, Any]
SHA256 = 64  # hexadecimal digits
BASELINES = ("idm", "teacher", "blind", "constant_velocity", "stationary")  # shown below whatever drives

NEEDED = {  # of every result of `caravela evaluate run`
    "suite", "policy", "sees", "episodes", "maps", "success", "success_ci", *NAMES, "progress", "red_lights_met", "comfort", "energy_wh_per_km",
    "failures_per_km", "km", "by_side", "by_origin", "by_map", "seed", "git_revision", "wall_s", "rows",
}  # fmt: skip


def page_of(results: Sequence[Result]) -> list[str]:
    """All sections, nominal first. Rates and intervals are worked out from the rows, so that all are of one version of the statistics."""
    anew = [_anew(result) for result in results]
    parts = []
    for suite in sorted({result["suite"] for result in anew}, key=lambda name: (name != "nominal", name)):
        parts += suite_page(suite, [result for result in anew if result["suite"] == suite])
    return parts


def _anew(result: Result) -> Result:
    """A result with all that its rows say worked out again."""
    rows, seed = result["rows"], result["seed"]
    told = report_of(rows, seed=seed)
    if "points_apart" in result:
        told |= abroad.table(rows, seed=seed)
    if "words" in result:
        told["words"] = spoken.table([row["words"] for row in rows], [row["map"] for row in rows], seed=seed)
    return result | told


def suite_page(suite: str, results: Sequence[Result]) -> list[str]:
    ordered = sorted(results, key=lambda r: (BASELINES.index(r["policy"]) + 1 if r["policy"] in BASELINES else 0, r["policy"]))
    about = f"{SUITES[suite].about}. " if suite in SUITES else ""
    first = ordered[0]
    parts = [
        f"## Closed loop: {suite}\n",
        f"{about[:1].upper()}{about[1:]}A drive succeeds if it has no collision at fault, no wheel off the road for more than {OFF_ROAD_S} s, is never on "
        f"the wrong side for more than {WRONG_WAY_S:.0f} s, runs no red light, misses no turn of its route, and makes at least {LEAST_PROGRESS:.0%} of "
        f"the expected progress: what route-following with IDM makes from the same start, where that is at least {FREE_FLOW_SHARE:.0%} of the distance at "
        "the limit (other starts are not used). Shares are of drives. The score is the mean of progress, zero where at fault (anything but too slow), what "
        f"standing still makes taken off. Intervals are 95 %, by bootstrap over maps; of fewer than {LEAST_CLUSTERS} maps there is none. "
        "A route that ends sooner is driven for as long as the baseline took to its end.\n",
        "| policy | sees | drives | maps | success | score | "
        + " | ".join(NAMES.values())
        + " | progress | red lights met | run per red met | comfort | Wh/km | failures per km |",
        "|---|---|---" + "|---" * (len(NAMES) + 9) + "|",
    ]
    parts += [_row(result) for result in ordered]
    parts += _apart(ordered)
    parts += ["", "### By driving side and origin\n", "| policy | drives on | drives | success | progress |", "|---|---|---|---|---|"]
    for result in ordered:
        groups = {f"the {side}": part for side, part in result["by_side"].items()} | result["by_origin"]
        parts += [
            f"| {result['policy']} | {name} | {p['episodes']} | {_interval(p)} | {_percent(p['progress'])} |" for name, p in groups.items()
        ]
    parts += _incidents([result for result in ordered if "by_incident" in result])
    parts += [
        "",
        f"### By map: {first['policy']}\n",
        "| map | side | drives | mean length | success | progress | what failed |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in first["by_map"].items():
        failed = ", ".join(f"{NAMES.get(kind, kind)} {count}" for kind, count in row["failures"].items()) or "–"
        unseen = "" if row["held_out"] else " (not of the test side)"
        parts.append(
            f"| {name}{unseen} | {row['side']} | {row['episodes']} | {row['mean_allowed_s']:.0f} s | {_percent(row['success'])} | "
            f"{_percent(row['progress'])} | {failed} |"
        )
    parts += _words([result for result in ordered if "words" in result])
    parts += _dial([result for result in ordered if "dial" in result])
    parts += _abroad([result for result in ordered if "points_apart" in result])
    seeds = ", ".join(sorted({str(result["seed"]) for result in ordered}))
    made = "; ".join(
        f"{result['policy']}{_weights(result)} {str(result['git_revision'])[:12]}, {result['wall_s'] / 60.0:.0f} min" for result in ordered
    )
    return [*parts, f"\nSeed {seeds}. Weights (the first of their SHA-256), revision and time taken: {made}.\n"]


def _weights(result: Result) -> str:
    """The beginning of the digest of the weights that drove, in brackets; "" of who has none."""
    digest = str(result.get("identity", "")).rpartition(" ")[2]
    return f" ({digest[:8]})" if len(digest) == SHA256 else ""


def _apart(results: Sequence[Result]) -> list[str]:
    """What keeps rows of one table from being compared: another model beneath the same policy, other drives, and a world of another version of
    the program."""
    first, told = results[0], []
    own = str(first.get("identity", "")).rpartition(" ")[2]
    starts = {_start(row) for row in first["rows"]}
    for result in results[1:]:
        model = str(result.get("identity", "")).rpartition(" ")[2]
        if result["policy"] == "blind" and own and model != own:
            told.append(f"{result['policy']} is another model ({model[:8]}) than {first['policy']} ({own[:8]})")
        shared = len(starts & {_start(row) for row in result["rows"]})
        if shared < max(len(starts), len(result["rows"])):
            told.append(
                f"{result['policy']} drove {len(result['rows'])} and {first['policy']} {len(first['rows'])} drives, of which {shared} are the same"
            )
    if elsewhere := [result["policy"] for result in results[1:] if _version(result, like=first) != _version(first, like=result)]:
        told.append(f"{', '.join(elsewhere)} drove with another version of the program than {first['policy']}, and its world may differ")
    return ["", f"Not of the same drives, model or program: {'; '.join(told)}."] if told else []


def _version(result: Result, *, like: Result) -> str:
    """The world's code that a result was driven with, as far as both know it; else the revision."""
    known = "world_code" in result and "world_code" in like
    return str(result["world_code"] if known else result["git_revision"])


def _start(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["map"], row["seed"], row.get("allowed_s"), row.get("incident", "")


def _incidents(results: Sequence[Result]) -> list[str]:
    """Success by kind of incident, one column a policy."""
    if not results:
        return []
    kinds = list(dict.fromkeys(kind for result in results for kind in result["by_incident"]))
    heads = [f"{result['policy']} ({result['episodes']} drives)" for result in results]
    parts = ["", "### By incident\n", "| incident | what happens | " + " | ".join(heads) + " |", "|---|---" + "|---" * len(results) + "|"]
    for kind in sorted(kinds, key=lambda name: list(KINDS).index(name) if name in KINDS else len(KINDS)):
        cells = [_percent(result["by_incident"][kind]["success"]) if kind in result["by_incident"] else "–" for result in results]
        parts.append(f"| {kind} | {KINDS[kind].about if kind in KINDS else ''} | " + " | ".join(cells) + " |")
    return parts


def _words(results: Sequence[Result]) -> list[str]:
    """Whether drives change as they are asked to, told from the same starts."""
    if not results:
        return []
    parts = [
        "",
        "### Told, from the same starts\n",
        "Right: the drive changes as asked and the words do not make it fail. Idle talk asks for nothing: what passes for a change by chance. The "
        "phrases are none that anything is trained on. The tables above are of the untold drives.\n",
        "| policy | asked | right | if failing is let pass | idle talk | drives judged |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        for asked, row in result["words"].items():
            parts.append(
                f"| {result['policy']} | {asked} | {_percent(row['right'])} ({_between(row['right_ci'])}) | {_percent(row['heeded'])} | "
                f"{_percent(row['by_chance'])} | {row['judged']} of {row['drives']} |"
            )
    return parts


def _dial(results: Sequence[Result]) -> list[str]:
    """What each style is worth on the same starts: safety and progress against comfort and energy."""
    if not results:
        return []
    parts = [
        "",
        "### The style dial, from the same starts\n",
        "Safety: drives without a fault. The score is progress, zero where at fault. Gentle should be softer, brisk should come further, and neither less safe.\n",
        "| policy | asked to be | score | safety | progress | comfort | Wh/km |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for manner, row in result["dial"].items():
            energy = "–" if row["energy_wh_per_km"] is None else f"{row['energy_wh_per_km']:.0f}"
            parts.append(
                f"| {result['policy']} | {manner} | {_percent(row['score'])} ({_between(row['score_ci'])}) | {_percent(row['safety'])} | "
                f"{_percent(row['progress'])} | {_percent(row['comfort'])} | {energy} |"
            )
    return parts


def _abroad(results: Sequence[Result]) -> list[str]:
    """How far drives abroad fall behind the same drives at home."""
    if not results:
        return []
    parts = [
        "",
        "### At home and abroad, from the same starts\n",
        "Abroad is the same map in a mirror, in a look that nothing is trained on. The tables above are of the drives abroad. Points apart: success at "
        "home minus success abroad, in percentage points; a driver that does not look tells how much of it is chance.\n",
        "| policy | pairs | at home | abroad | points apart | at home only | abroad only |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        between = "–" if None in result["points_apart_ci"] else " to ".join(f"{value:+.1f}" for value in result["points_apart_ci"])
        parts.append(
            f"| {result['policy']} | {result['pairs']} | {_percent(result['success_home'])} | {_percent(result['success_abroad'])} | "
            f"{result['points_apart']:+.1f} ({between}) | {result['only_home_succeeds']} | {result['only_abroad_succeeds']} |"
        )
    return parts


def _row(result: Result) -> str:
    still = result["km"] < LEAST_KM * result["episodes"]  # of who hardly moves, a figure per km says nothing
    energy = "–" if still or result["energy_wh_per_km"] is None else f"{result['energy_wh_per_km']:.0f}"
    harm = "–" if still or result["failures_per_km"] is None else f"{result['failures_per_km']:.2f}"
    cells = [result["policy"], result["sees"], result["episodes"], result["maps"], _interval(result), _percent(result.get("score"))]
    cells += [_percent(result[column]) for column in NAMES]
    met = result["red_lights_met"]
    run = _percent(sum(map(reds_run, result["rows"])) / met) if met else "–"
    cells += [_percent(result["progress"]), met, run, _percent(result["comfort"]), energy, harm]
    return "| " + " | ".join(map(str, cells)) + " |"


def _interval(result: Result) -> str:
    return f"**{_percent(result['success'])}** ({_between(result['success_ci'])})"


def _between(interval: Sequence[float | None]) -> str:
    """Both ends; a dash alone where there are too few maps for an interval."""
    return "–" if None in interval else "–".join(_percent(value) for value in interval)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100.0 * value:.1f} %"
