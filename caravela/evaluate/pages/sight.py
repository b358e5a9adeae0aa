"""The section of docs/results.md on whom the driver sees."""

from typing import Any

from caravela.evaluate.sighted import PLAIN_PIXELS, WELL_WITHIN

Result = dict[str, Any]


def page_of(result: Result) -> list[str]:
    """The lines of the section."""
    unseen = "the test side" if result["held_out"] else "maps that are not all of the test side"
    parts = [
        f"{result['looks']:,} looks of the driver's own drives on {result['maps']} maps of {unseen}, among dense traffic, most with an incident close "
        f"before them, by day, in rain, by night and in fog (seed {result['seed']}, driver {result['identity'][:8]}). Told of: of those plain to see "
        f"({PLAIN_PIXELS} pixels and more, well within reach: {WELL_WITHIN:g} of the farthest that is told of), the share that the driver tells of. "
        "There: of whom it tells, the share that is there. The cockpit answers from it; of the sides, and of people, it never says that nobody is there.\n",
        "| who | where | plain to see | told of | told | there | off by, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, sides in result["kinds"].items():
        for side, row in sides.items():
            shares = ["–" if row[name] is None else f"{row[name]:.0%}" for name in ("told_of", "there")]
            off = "–" if row["metres_off"] is None else f"{row['metres_off']:.1f} m"
            parts.append(
                f"| {kind.replace('_', '-')} | {side} | {row['plain']:,} | **{shares[0]}** | {row['told']:,} | **{shares[1]}** | {off} |"
            )
    return [*parts, ""]
