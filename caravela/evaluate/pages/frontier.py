"""The page on two frontiers, from what `caravela evaluate frontier` wrote."""

from typing import Any

from caravela.evaluate.statistics import span


def page_of(result: dict[str, Any]) -> list[str]:
    """Both ends of both curves, what lies under them, and the verdict."""
    parts = [
        f"{result['first']} and {result['second']} on {result['episodes']} drives of {result['suite']}, {result['maps']} maps; a fault within "
        f"{result['notice_s']:g} s after handing over still counts. {result['said']}\n",
        "Never handing over, coverage is what the driver drives of the expected distance, and safety the share of drives without a fault. The area lies under safety "
        "over coverage, at every threshold of the told risk; by chance is that of who hands over whenever.\n",
        "| driver | score | safety | coverage | area | by chance | score at the best threshold (chosen on these drives) |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in result["frontiers"]:
        parts.append(
            f"| {each['policy']} | {each['score']:.1%} ({span(each['score_ci'])}) | {each['safety']:.1%} | {each['reach']:.1%} | "
            f"{each['area']:.3f} ({span(each['area_ci'], '.3f')}) | {each['area_by_chance']:.3f} | {each['best_score']:.1%} |"
        )
    return [*parts, *(f"\n({note})" for note in result["notes"]), ""]
