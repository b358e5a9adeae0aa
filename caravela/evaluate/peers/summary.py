"""Episodes of the judge as numbers with their intervals, and as a page. Every episode has a map of its own, so episodes count as independent:
shares have Wilson's interval, means a bootstrap over episodes."""

from collections.abc import Sequence
from typing import Any

from caravela.evaluate.peers.drive import Row
from caravela.evaluate.statistics import LEAST_CLUSTERS, rate_interval, rounded, span, wilson

ARRIVED, LATE, LEFT = "arrive_dest", "max_step", "out_of_road"
CRASHES = ("crash_vehicle", "crash_object", "crash_building")


def judged(row: Row) -> Row:
    """The row of an episode, with its success: it arrives, be it in the last moment, and nothing else happened."""
    success = ARRIVED in row["ended"] and not set(row["ended"]) - {ARRIVED, LATE}
    return {**row, "success": success, "completion": 1.0 if success else row["completion"]}


def table_of(rows: Sequence[Row], *, seed: int = 0) -> dict[str, Any]:
    """One driver's episodes, judged: shares, each with its interval."""
    count = len(rows)
    crashed = [any(name in row["ended"] for name in CRASHES) for row in rows]
    left = [LEFT in row["ended"] for row in rows]
    late = [LATE in row["ended"] and not row["success"] for row in rows]
    arrived = [bool(row["success"]) for row in rows]
    completion = [float(row["completion"]) for row in rows]
    seconds = sum(row["seconds"] for row in rows)
    table: dict[str, Any] = {"episodes": count}
    for name, happened in (("success", arrived), ("crash", crashed), ("out_of_road", left), ("out_of_time", late)):
        table[name] = round(sum(happened) / count, 4)
        table[f"{name}_ci"] = rounded(wilson(sum(happened), count))
    table["completion"] = round(sum(completion) / count, 4)
    table["completion_ci"] = rounded(rate_interval(completion, [str(row["seed"]) for row in rows], seed=seed))
    table["km"] = round(sum(row["driven_m"] for row in rows) / 1000.0, 3)
    table["mean_speed"] = round(sum(row["driven_m"] for row in rows) / max(seconds, 0.1), 2)
    return table


def page_of(result: dict[str, Any]) -> list[str]:
    """Lines of the page of results."""
    case, judge = result["case"], result["judge"]
    lines = [
        f"{judge['name']} {judge['version']} as an independent judge, descriptive only: {case['episodes']} maps of {case['blocks']} blocks "
        f"generated from seeds {case['seed']} to {case['seed'] + case['episodes'] - 1}, traffic density {case['density']}, begun at "
        f"{case['speed']:.0f} m/s, at most {case['seconds']:.0f} s, its own rules of what ends an episode (touching a continuous line is out of "
        "road). The model is not trained there; the peer's own IDM reads the simulator's state. Intervals are 95 %, Wilson's for shares, by "
        f"bootstrap over maps for completion (of fewer than {LEAST_CLUSTERS} maps there is none).\n",
        "| driver | sees | episodes | arrives | route completed | crashes | out of road | out of time | km | mean speed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in result["drivers"].items():
        shares = [f"{row[key]:.1%} ({span(row[f'{key}_ci'])})" for key in ("success", "completion", "crash", "out_of_road", "out_of_time")]
        lines.append(f"| {name} | {row['sees']} | {row['episodes']} | {' | '.join(shares)} | {row['km']} | {row['mean_speed']} m/s |")
    lines += ["", "| map | blocks | " + " | ".join(result["drivers"]) + " |", "|---|---|" + "---|" * len(result["drivers"])]
    by_seed: dict[int, dict[str, Row]] = {}
    for row in result["rows"]:
        by_seed.setdefault(row["seed"], {})[row["driver"]] = row
    for number, rows in sorted(by_seed.items()):
        cells = [_ending(rows[name]) if name in rows else "–" for name in result["drivers"]]
        lines.append(f"| {number} | {next(iter(rows.values()))['blocks']} | {' | '.join(cells)} |")
    return [*lines, "", result["note"] + "\n"]


def _ending(row: Row) -> str:
    ended = ", ".join(name.replace("_", " ") for name in row["ended"])
    return f"{ended} after {row['seconds']:.0f} s, {row['completion']:.0%} of {row['route_m']:.0f} m"
