"""The suite `abroad` of `caravela evaluate run`: every start at home and abroad, and how far the two are apart."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from caravela.evaluate.drivers import Driver
    from caravela.evaluate.driving import Watcher
    from caravela.evaluate.run import Run


def drive_pairs(
    work: "Run", driver: "Driver", *, watcher: "Watcher", before: "Callable[[Run], None]"
) -> "tuple[list[dict[str, Any]], dict[str, Any], list[Path]]":
    """One row per pair and the table (see `evaluate.abroad`), and the files that keep the drives until the result is written. `before` is
    called with each side's work first: it may drive some of it elsewhere."""
    from caravela.evaluate.abroad import ABROAD, HOME, WHERE, paired, table
    from caravela.evaluate.run import collect
    from caravela.evaluate.summary import rows_of

    rows, parts = {}, []
    for where in WHERE:
        mine = replace(work, where=where)
        before(mine)
        outcomes, kept = collect(mine, driver, watcher=watcher)
        rows[where] = rows_of(outcomes, work.places)
        parts += kept
    pairs = paired(rows[HOME], rows[ABROAD])
    return pairs, table(pairs), parts


def show_abroad(result: dict[str, Any]) -> None:
    """The table for people."""
    from caravela.evaluate.statistics import spelled

    print(
        f"  of {result['pairs']} starts {result['success_home']:.1%} succeed at home and {result['success_abroad']:.1%} abroad: "
        f"{result['points_apart']:+.1f} points apart ({spelled(result['points_apart_ci'], '+.1f')}); "
        f"{result['only_home_succeeds']} succeed at home only, {result['only_abroad_succeeds']} abroad only"
    )
    for look, row in result["by_look"].items():
        print(f"  {look:<12} {row['pairs']} pairs: {row['success_home']:.0%} at home, {row['success_abroad']:.0%} abroad")
