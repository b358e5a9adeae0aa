"""The section of docs/results.md on pretraining: with and without, at equal compute, once per seed."""

from statistics import mean
from typing import Any

TITLES = {"pretrained": "eyes first", "plain": "driving from the first step"}


def page_of(result: dict[str, Any]) -> list[str]:
    """Lines of the section, from what `benchmarks/pretraining.py` wrote."""
    arms = result["pretraining"]
    seeds = len(next(iter(arms.values())))
    parts = [
        f"Two drivers learned from the same {result['looks']:,} labelled looks, for {result['minutes']:g} minutes of one core each, with {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'}. One spent the first {result['share']:.0%} of that on its eyes: what is there, and how "
        "it will look 0.8 s later, from driving video without actions, filming included. Asked "
        f"about {result['held_out']:,} other looks: the loss of plans, and how far they lie from the teacher's on average. The drives are short (20 s), on the "
        "validation side, the same for all; success has Wilson's 95 % interval, which does not hold what another seed gives: that is between the rows.\n",
        "| | seed | steps of the eyes | steps of driving | loss | m from the teacher's plan | short drives that succeed | progress |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in arms.items():
        title = TITLES.get(name, name)
        for row in rows:
            drives, (low, high) = row["drives"], row["drives"]["success_ci"]
            parts.append(
                f"| {title} | {row['seed']} | {row.get('eyes_steps', 0):,} | {row['driving_steps']:,} | {row['loss']:.3f} | {row['path']:.2f} | "
                f"{drives['successes']} of {drives['episodes']}: {drives['success']:.1%} ({low:.1%}–{high:.1%}) | {drives['progress']:.1%} |"
            )
        loss, path = (mean(row[key] for row in rows) for key in ("loss", "path"))
        success, progress = (mean(row["drives"][key] for row in rows) for key in ("success", "progress"))
        parts.append(f"| **{title}** | mean | – | – | {loss:.3f} | {path:.2f} | {success:.1%} | {progress:.1%} |")
    return [*parts, ""]
