"""The section of docs/results.md on pretraining: with and without, at equal compute."""

from typing import Any

TITLES = {"pretrained": "eyes first", "plain": "driving from the first step"}


def page_of(result: dict[str, Any]) -> list[str]:
    """Lines of the section, from what `benchmarks/pretraining.py` wrote."""
    parts = [
        f"Two drivers learned from the same {result['looks']:,} labelled looks, for {result['minutes']:g} minutes of one core each. One spent the first "
        f"{result['share']:.0%} of that on its eyes: what is there, and how it will look 0.8 s later, from driving video without actions, filming included. Asked about "
        f"{result['held_out']:,} other looks: the loss of plans, and how far they lie from the teacher's on average. The drives are short (20 s), on the "
        "validation side; success has Wilson's 95 % interval. One seed each, so what another seed would give is not in it.\n",
        "| | steps of the eyes | steps of driving | loss | m from the teacher's plan | short drives that succeed | progress |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in result["pretraining"].items():
        drives, (low, high) = row["drives"], row["drives"]["success_ci"]
        parts.append(
            f"| {TITLES.get(name, name)} | {row.get('eyes_steps', 0):,} | {row['driving_steps']:,} | {row['loss']:.3f} | {row['path']:.2f} | "
            f"{drives['successes']} of {drives['episodes']}: {drives['success']:.1%} ({low:.1%}–{high:.1%}) | {drives['progress']:.1%} |"
        )
    return [*parts, ""]
