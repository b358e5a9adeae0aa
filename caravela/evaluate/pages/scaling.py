"""The section of docs/results.md on scaling: every point that was learned, and the exponents that were fitted to them."""

from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """One thing that is varied."""

    title: str
    number: str  # of a point, by which it is told
    symbol: str


AXES = {
    "data": Axis("looks learned from", "looks", "D"),
    "parameters": Axis("parameters", "parameters", "N"),
    "compute": Axis("floating-point operations of learning", "flops", "C"),
}
LOSSES = {"loss": "loss (flow + regression)", "path": "path, m"}
SHARES = {"success": "short drives that succeed", "progress": "progress of short drives"}
_UNITS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(value: float) -> str:
    """A large number in three digits."""
    return next((f"{value / unit:.3g} {name}" for unit, name in _UNITS if value >= unit), f"{value:.3g}")


def law(fitted: Result, symbol: str) -> str:
    """A fitted power law in a line."""
    return f"{fitted['scale']:.3g} {symbol}^{-fitted['exponent']:+.3f}, exponent {_exponent(fitted)}"


def _exponent(fitted: Result) -> str:
    low, high = fitted["interval"]
    between = f"no interval of {fitted['points']} points" if low is None else f"{low:.3f} to {high:.3f}"
    return f"{fitted['exponent']:.3f} ({between})"


def page_of(result: Result) -> list[str]:
    """Lines of the section, from what `caravela train scaling` wrote."""
    driven = [point["drives"] for point in result["points"] if "drives" in point]
    drives = (
        f" Short drives: {driven[0]['episodes']} of 20 s by day on {driven[0]['maps']} maps of the validation side, the same for every point; "
        "intervals are Wilson's, which takes drives for independent."
        if driven
        else ""
    )
    parts = [
        f"Each axis varies one thing from the same largest point, by the recipe of `caravela train vla`: up to the size {result['preset']} and "
        f"{result['looks']:,} looks, batches of {result['batch']}, one model a point (seed {result['seed']}). The losses are means over {result['held_out']:,} "
        f"looks of later drives on the same side's maps, with nothing hidden; {result['left_out']:,} looks between serve neither. Operations are "
        "those of products and convolutions, forward and backward, as torch counts them, of all looks of all steps. Laws are straight lines through "
        f"logarithms without a floor, and hold for this range only; intervals are 95 %, by Student's t.{drives}\n",
        "| varied | law of the loss | exponent of the loss | exponent of the path | points |",
        "|---|---|---|---|---|",
    ]
    for name, axis in AXES.items():
        loss, path = (result["fits"][name][each] for each in LOSSES)
        parts.append(
            f"| {axis.title} {axis.symbol} | {loss['scale']:.3g} {axis.symbol}^{-loss['exponent']:+.3f} | {_exponent(loss)} | {_exponent(path)} | "
            f"{loss['points']} |"
        )
    parts += ["", "| varied | looks | parameters | steps | operations | loss | path | short drives that succeed | progress |"]
    parts.append("|---|---|---|---|---|---|---|---|---|")
    for point in result["points"]:
        cells = [", ".join(point["axes"]), f"{point['looks']:,}", short(point["parameters"]), point["steps"], short(point["flops"])]
        cells += [f"{point['loss']:.4f}", f"{point['path']:.3f} m", *_drives(point.get("drives"))]
        parts.append("| " + " | ".join(map(str, cells)) + " |")
    return [*parts, ""]


def _drives(drives: Result | None) -> tuple[str, str]:
    if drives is None:
        return "–", "–"
    low, high = drives["success_ci"]
    return f"{drives['successes']} of {drives['episodes']} ({low:.0%} to {high:.0%})", f"{drives['progress']:.1%}"
