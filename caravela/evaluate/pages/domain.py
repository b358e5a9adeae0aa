"""The section of docs/results.md on the four domains: isolated and integrated side by side, and what was missed."""

from typing import Any

from caravela.evaluate.domain_table import ARMS, DOSE_TARGET, ENERGY_TARGET, EQUAL_TIME, INTEGRATED, ISOLATED, LEAST_M, REACTED, STILL_THERE

Result = dict[str, Any]
RATIOS = {
    "seconds_per_km": ("time, s/km", "{:.1f}"),
    "energy_wh_per_km": ("energy, Wh/km", "{:.1f}"),
    "friction_wh_per_km": ("turned into heat by the brakes, Wh/km", "{:.1f}"),
    "dose": ("motion-sickness dose, m/s^1.5", "{:.2f}"),
    "discomfort": ("ride comfort: weighted acceleration, m/s²", "{:.3f}"),
}
SHARES = {"success": "drives that succeed", "harm": "drives with a failure other than too slow", "collision": "drives with a collision"}


def page_of(result: Result) -> list[str]:
    """The lines of the section."""
    side = "maps that nothing is trained on or tuned on" if result["held_out"] else "maps of which not all are held out"
    parts = [
        f"{result['pairs']} routes on {result['maps']} {side}, each driven twice by the same driver in the same car, world and "
        "seed: *isolated*, where powertrain and chassis limit what the driver's plan asked for, and *integrated*, where they and the passengers "
        "price and bound the plan. Compared up to the last place that both reached, where that is at least "
        f"{LEAST_M:.0f} m ({result['compared']} pairs); safety over all of them. Of the energy, "
        f"{STILL_THERE:.0%} of what is in the car's motion there counts as not used. Comfort is the vibration total value of ISO 2631-1 (less is "
        "better), the dose weighs both horizontal accelerations by its Wf. Intervals are 95 %, by bootstrap over maps.\n",
        "| | isolated | integrated | change |",
        "|---|---|---|---|",
        *_rows(result),
        "",
        _verdict(result["verdict"]),
        "",
    ]
    if result.get("reaction"):
        parts += [_reaction(result["reaction"]), ""]
    parts += [
        "| condition | pairs | time | energy | dose | comfort | drives that do harm, isolated / integrated |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, each in result["conditions"].items():
        cells = [_change(each.get(key)) for key in ("seconds_per_km", "energy_wh_per_km", "dose", "discomfort")]
        harm = f"{each['harm'][ISOLATED]:.1%} / {each['harm'][INTEGRATED]:.1%}"
        parts.append(f"| {name}: {each['about']} | {each['pairs']} | {' | '.join(cells)} | {harm} |")
    return [
        *parts,
        f"\nSeed {result['seed']}. Revision and time taken: {str(result['git_revision'])[:12]}, {result['wall_s'] / 60.0:.0f} min.\n",
    ]


def _rows(result: Result) -> list[str]:
    lines = [
        f"| {what} | {' | '.join(form.format(result[key][arm]) for arm in ARMS)} | {_change(result[key])} |"
        for key, (what, form) in RATIOS.items()
        if key in result
    ]
    for key, what in SHARES.items():
        low, high = result[key]["difference_ci"]
        change = f"{_points(result[key]['difference'])} ({_points(low)} to {_points(high)})"
        lines.append(f"| {what} | {' | '.join(f'{result[key][arm]:.1%}' for arm in ARMS)} | {change} |")
    return lines


def _change(row: Result | None) -> str:
    if row is None or row["ratio"] is None:
        return "–"
    low, high = row["ratio_ci"]
    interval = "" if low is None or high is None else f" ({low - 1.0:+.1%} to {high - 1.0:+.1%})"
    return f"{row['ratio'] - 1.0:+.1%}{interval}"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{100.0 * value:+.1f}"


def _verdict(verdict: Result) -> str:
    saves = f"at least {ENERGY_TARGET:.0%} less energy or {DOSE_TARGET:.0%} less dose"
    target = f"The target ({saves}, at most {EQUAL_TIME:.0%} slower, no more drives that do harm)"
    if "why" in verdict:
        return f"{target} cannot be judged: {verdict['why']}."
    said = f"energy {-verdict['energy_saved']:+.1%}, dose {-verdict['dose_saved']:+.1%}, time {verdict['slower']:+.1%}"
    missed = [
        what
        for key, what in (("saves_enough", "neither saves enough"), ("equal_time", "slower"), ("no_more_harm", "more harm"))
        if not verdict[key]
    ]
    return f"{target} is **{'met' if verdict['met'] else 'missed'}**: {said}{'' if verdict['met'] else ' (' + ', '.join(missed) + ')'}."


def _reaction(reaction: Result) -> str:
    said = [f"{arm} {reaction[arm]['reacted']} of {reaction['requests']}, median {_seconds(reaction[arm]['median_s'])}" for arm in ARMS]
    return (
        f'Reaction to a request ("stop here, please", heard as words by the driver in both, and on the bus in one): '
        f"{REACTED} m/s slower than the same drive "
        f"unasked within {reaction['within_s']:.0f} s: {'; '.join(said)}."
    )


def _seconds(value: float | None) -> str:
    return "not within that time" if value is None else f"{value:.1f} s"
