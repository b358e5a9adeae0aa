"""The section of docs/results.md on cloning: learning where the student drives beside learning where the teacher does, at equal looks and compute."""

from typing import Any

TITLES = {"cloned": "the teacher at the wheel (behaviour cloning)", "distilled": "the student at the wheel (distillation)"}


def page_of(result: dict[str, Any]) -> list[str]:
    """Lines of the section, from what `benchmarks/cloning.py` wrote."""
    parts = [
        f"Two drivers learned from nothing, for {result['minutes']:g} minutes of one core each and from {result['looks']:,} labelled looks each: one of a teacher that "
        "drove undisturbed, one of a run whose student drove and whose teacher said what it would do there. Collecting is not counted. Both were asked about "
        f"{result['held_out']:,} other looks of that run: the loss of plans, and how far they lie from the teacher's on average. The drives are short (20 s), on the "
        "validation side; success has Wilson's 95 % interval. One seed each, so what another seed would give is not in it.\n",
        "| looks from | steps | loss | m from the teacher's plan | short drives that succeed | progress |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in result["cloning"].items():
        drives, (low, high) = row["drives"], row["drives"]["success_ci"]
        parts.append(
            f"| {TITLES.get(name, name)} | {row['driving_steps']:,} | {row['loss']:.3f} | {row['path']:.2f} | "
            f"{drives['successes']} of {drives['episodes']}: {drives['success']:.1%} ({low:.1%}–{high:.1%}) | {drives['progress']:.1%} |"
        )
    return [*parts, ""]
