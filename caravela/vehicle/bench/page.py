"""Tells a measurement of the tiers to people: lines for the terminal, and the section of docs/results.md. Nothing is computed here."""

from collections.abc import Mapping
from typing import Any

Result = Mapping[str, Any]
NAMES = {"ultra": "Ultra", "se": "Ultra SE", "int8": "int8"}
MET = {True: "met", False: "missed"}


def summary(result: Result) -> list[str]:
    """Lines for the terminal."""
    where = result["machine"]
    lines = [f"{where['processor']}, {where['cores']} cores, {result['threads']} thread(s){', BUSY' if result['busy'] else ''}"]
    lines.append(
        f"{'':<30}{'p50':>8}{'p99':>8}{'p99.9':>8} ms{'of peak':>9}{'vision':>8}{'predicted':>11}{'error':>8}{'MiB':>7}{'same choice':>13}"
    )
    for row in result["rows"]:
        took, vision = row["latency_ms"], _stage(row, "vision")
        lines.append(
            f"{row['tier'] + ', ' + row['backend'] + ', ' + row['precision']:<30}{took['p50']:>8.2f}{took['p99']:>8.2f}{took['p99_9']:>8.2f}   "
            f"{row['utilisation']:>9.1%}{vision:>8}{row['predicted_ms']:>11.2f}{row['prediction_error']:>+8.0%}{row['memory_mib'] or 0:>7.0f}"
            f"{row['beside_fp32']['same_choice']:>13.1%}"
        )
    if result["vision"]:
        best = result["vision"]
        lines.append(
            f"vision at batch 1 through the fastest backend of {best['tier']} ({best['backend']}, {best['precision']}, {best['latency_ms']:.2f} ms): "
            f"{best['utilisation']:.0%} of the peak; the target is {best['target']:.0%}, {MET[best['met']]}; the goal {best['goal']:.0%}, "
            f"{MET[best['goal_met']]}"
        )
    for chip in result["chips"]:
        for each in chip["predicted"]:
            lines.append(
                f"{chip['chip']['name']}: {each['tier']}, {each['precision']} would take {each['latency_ms']:.2f} ms at {each['utilisation']:.0%}"
            )
    if result.get("int8_lost"):
        lines.append(_lost(result["int8_lost"]))
    return lines


def page_of(result: Result) -> list[str]:
    """The section of docs/results.md, without its heading."""
    lost = (
        f"\n{_lost(result['int8_lost'])}" if result.get("int8_lost") else "\nWhat int8 loses in closed loop was not measured in this run."
    )
    return [*_tiers(result), *_vision(result), lost, *_idle(result), *_chips(result), *_density(result)]


def _tiers(result: Result) -> list[str]:
    """How it was measured, and a line for every row."""
    where = result["machine"]
    parts = [
        f"`caravela vehicle bench`: {where['processor']}, {where['cores']} cores, {result['threads']} thread(s), one decision at a time, "
        f"{result['looks']} looks at streets shown in turn"
        + (". **The machine was busy: latencies are too long.** " if result["busy"] else ". ")
        + "".join(f"{NAMES.get(name, name)}: {tier['about']}. " for name, tier in result["tiers"].items())
        + "Utilisation is operations in products, counted from the graph (a multiply-add is two), for a second of work, over the rate of large products of "
        "the best backend at that precision in the same run. The same choice and the plan's shift, 2 s ahead, are beside the large tier in fp32 through "
        "the first backend.\n",
        "| tier | backend | precision | p50 ms | p99 ms | p99.9 ms | calls | million operations | of peak | vision | trunk | action | critic | file MiB | "
        "process MiB | energy proxy mJ | same choice | plan moves, 95 % of looks |",
        "|---|---|---" + "|---" * 15 + "|",
    ]
    for row in result["rows"]:
        took, beside = row["latency_ms"], row["beside_fp32"]
        stages = " | ".join(_stage(row, name) for name in ("vision", "trunk", "action", "critic"))
        parts.append(
            f"| {row['tier']} | {row['backend']} | {row['precision']} | {took['p50']:.2f} | {took['p99']:.2f} | {took['p99_9']:.2f} | {row['calls']} | "
            f"{row['million_operations']:.0f} | **{row['utilisation']:.1%}** | {stages} | {row['file_mib']:.1f} | {row['memory_mib'] or '–'} | "
            f"{row['energy_proxy_mj']:.2f} | {beside['same_choice']:.1%} | {beside['plan_moves_m_p95']:.2f} m |"
        )
    return parts


def _vision(result: Result) -> list[str]:
    """The vision stage beside its target; a file of before, which took the best of all backends, says nothing of the fastest."""
    best = result["vision"]
    if "latency_ms" not in best:
        return []
    name = NAMES.get(best["tier"], best["tier"])
    return [
        f"\nThe vision stage of {name} reaches {best['utilisation']:.1%} of the peak at batch 1 through the fastest backend ({best['backend']}, "
        f"{best['precision']}: {best['latency_ms']:.2f} ms a decision), which is the one that counts; the target is {best['target']:.0%}: "
        f"{MET[best['met']]}. The goal after that, {best['goal']:.0%}: {MET[best['goal_met']]}. The energy proxy is what the counted operations and bytes "
        "would take in a 45 nm chip (Horowitz 2014): it ranks forms of the model and meters nothing."
    ]


def _idle(result: Result) -> list[str]:
    """Where compute sits idle, and how far the cost model is off."""
    cost = result["cost_model"]
    parts = [
        "",
        "### Where compute sits idle\n",
        "| | stage | ms | of peak | idle ms | predicted ms | error |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        name = f"{row['tier']}, {row['backend']}, {row['precision']}"
        for part in row["stages"]:
            parts.append(
                f"| {name} | {part['name']} | {part['ms']:.2f} | {part['utilisation']:.1%} | {part['idle_ms']:.2f} | {part['predicted_ms']:.2f} | "
                f"{part['prediction_error']:+.0%} |"
            )
        parts.append(
            f"| {name} | whole decision | {row['work_ms']:.2f} | {row['utilisation']:.1%} | "
            f"{row['work_ms'] - row['million_operations'] / row['peak_gops']:.2f} | {row['predicted_ms']:.2f} | {row['prediction_error']:+.0%} |"
        )
    parts.append(
        f"\nPredicted by the cost model from this machine's ceilings, none of them fitted to the model: wrong by {cost['mean_error']:.0%} of a decision on "
        f"average, {cost['largest_error']:.0%} at most. Stages are timed alone, with caches warm, so their sum is less than the whole.\n"
    )
    return parts


def _chips(result: Result) -> list[str]:
    if not result["chips"]:
        return []
    parts = [
        "### Described chips\n",
        "| chip | tier | precision | latency ms | of peak | energy proxy mJ | bytes off the chip, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for chip in result["chips"]:
        parts += [
            f"| {chip['chip']['name']} | {each['tier']} | {each['precision']} | {each['latency_ms']:.3f} | {each['utilisation']:.1%} | "
            f"{each['energy_proxy_mj']:.2f} | {each['memory_mb']:.1f} |"
            for each in chip["predicted"]
        ]
    return [*parts, ""]


def _density(result: Result) -> list[str]:
    told = result.get("density")
    if not told:
        return []
    dense = told["used_bits_per_million_operations_of_its_own"]
    return [
        "### Information density\n",
        f"Of {told['shown_bits'] / 1e6:.2f} million bits shown for a decision of {told['operations'] / 1e6:.0f} million operations, the plan needs "
        f"{told['used_bits'] / 1e6:.3f} million, packed without loss: {told['used_bits_per_operation']:.5f} bits an operation. "
        f"A frame is used as deeply as keeps the chosen plan, {told['at_s']:.0f} s ahead, within {told['tolerance_m']} m in "
        f"{told['holds_in_percent_of_looks']:.0f} % of looks. At equal compute, "
        + " and ".join(f"{name} {'–' if value is None else f'{value:,}'}" for name, value in dense.items())
        + " used bits for a million operations of their own.\n",
        "| camera | age s | plan needs, bits a value | shown kbit | used kbit | without it the plan moves | million operations | used bits for a million operations |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {use['camera']} | {use['age_s']:g} | {use['depth_bits']} | {use['shown_bits'] / 1e3:.0f} | {use['used_bits'] / 1e3:.0f} | "
            f"{use['plan_moves_m_without']:.2f} m | {use['million_operations']:.2f} | {use['used_bits_per_million_operations'] or 0:,} |"
            for use in told["sources"]
        ),
        "",
    ]


def _lost(lost: Result) -> str:
    one, other = lost["policies"]
    gone = lost["score_lost"]
    return (
        f"In closed loop, {other} beside {one} on {lost['drives']} drives of {lost['suite']}, {lost['maps']} maps: success {lost['success'][1]:.1%} beside "
        f"{lost['success'][0]:.1%}; score {lost['score'][1]:.1%} beside {lost['score'][0]:.1%}: int8 loses {_points(gone['mean'])} points "
        f"(95 % interval {_points(gone['low'])} to {_points(gone['high'])})."
    )


def _points(share: float) -> str:
    """Hundredths, to a tenth, without a minus before zero."""
    return f"{round(100.0 * share, 1) + 0.0:.1f}"


def _stage(row: Result, name: str) -> str:
    return next((f"{part['utilisation']:.0%}" for part in row["stages"] if part["name"] == name), "–")
