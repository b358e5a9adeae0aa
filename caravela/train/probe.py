"""What a driver's model makes of streets it never trained on, before anybody asks how far it gets: are the lights read, by weather
and distance; how far off are stop line, lead, lane and plan; does the critic choose well, and is its risk calibrated?"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from caravela.core.bundle import LIGHTS
from caravela.model.action_space import denormalise, integrate
from caravela.model.critic import choose
from caravela.model.heads import unscale_distance
from caravela.model.policy import TorchPolicy
from caravela.model.vla import VLA
from caravela.train.collect import CollectConfig, Collector
from caravela.train.mirror import on_the_right
from caravela.train.samples import Shard, ShardWriter, open_shard, to_batch
from caravela.train.teacher_net import TeacherNet
from caravela.world.maps.lane_graph import LaneGraph

WEATHERS = ("day", "rain", "night", "fog")
NEAR, FAR = 5.0, 45.0  # m to the stop line between which the governing light must be read
CHUNK = 64
RISK_BINS = 10
MARGINS = (0.01, 0.02, 0.04, 0.08, 0.16)  # of value, 0..1


def probe(
    model: VLA,
    graphs: Sequence[LaneGraph],
    teacher: TeacherNet,
    *,
    looks: int,
    seed: int,
    weathers: Sequence[str] = WEATHERS,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Drive `looks` looks in each weather on a choice of maps, half of the drives by the model itself, and compare what it says with
    what is there. Returns one table of figures by weather, and one of the critic over all weathers."""
    student = TorchPolicy(model)
    random = np.random.default_rng(seed)
    tables: dict[str, Any] = {}
    judged: list[dict[str, NDArray]] = []
    for weather in weathers:
        told(f"looking, {weather}")
        chosen = [graphs[i] for i in random.permutation(len(graphs))[: CollectConfig.maps]]
        config = CollectConfig(
            weathers=(weather,),
            weather_shares=(1.0,),
            looks=looks,
            judged_share=1.0,
            proposals=16,
            worlds=12,
            nowhere_share=0.0,
            traffic=("light",),
        )
        with tempfile.TemporaryDirectory() as folder:
            writer = ShardWriter(Path(folder), size=256, keep=10_000)
            Collector(chosen, teacher, writer, config=config, seed=int(random.integers(1 << 31))).run(student, student_share=0.5)
            writer.flush()
            shards = [open_shard(path) for path in sorted(Path(folder).glob("shard-*"))]
            said = [_say(model, part) for shard in shards for part in _parts(shard)]
        rows = {name: np.concatenate([part[name] for part in said]) for name in said[0]}
        tables[weather] = _accuracy(rows)
        judged.append({name: rows[name] for name in ("returns", "failed", "values", "risks", "chosen")})
    everything = {name: np.concatenate([part[name] for part in judged]) for name in judged[0]}
    return {
        "weathers": tables,
        "critic": critic_gate(everything["values"], everything["returns"]),
        "risk": calibration(everything["risks"], everything["failed"], chosen=everything["chosen"]),
    }


def _parts(shard: Shard) -> list[dict[str, NDArray]]:
    return [{name: array[first : first + CHUNK] for name, array in shard.arrays.items()} for first in range(0, len(shard), CHUNK)]


@torch.no_grad()
def _say(model: VLA, arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """What the model says of some samples, beside what is true of them."""
    model.eval()
    arrays = on_the_right(arrays) if model.config.mirrors_left else arrays
    batch = to_batch(arrays)
    assert batch.knots is not None and batch.proposals is not None
    speed = batch.ego[:, 0]
    context, thought = model.embed_context(batch.images, ego=batch.ego, route=batch.route, has_route=batch.has_route, words=batch.words)
    facts = model.eyes.facts(thought)
    plan = integrate(denormalise(model.action.regress(thought).float(), speed=speed), speed=speed)
    truth = integrate(batch.knots, speed=speed)
    returns, failure = model.critic(context, batch.proposals, speed=speed)
    values, chosen = choose(returns, failure, model.config)
    bird = model.eyes.birds_eye(context).argmax(1).numpy()
    return {
        "light": facts["light"].argmax(-1).numpy(),
        "stop": unscale_distance(facts["stop"]).numpy(),
        "lead": unscale_distance(facts["lead"][:, 0]).numpy(),
        "lane": facts["lane"][:, 0].numpy(),
        "bird_right": (bird == arrays["bev"]).mean((1, 2)),
        "plan": (plan - truth)[..., :2].norm(dim=-1).numpy(),  # (n, PLAN_STEPS) m
        "values": values.numpy(),
        "chosen": chosen.numpy(),
        "risks": failure.sigmoid().numpy(),
        **{f"true_{name}": np.array(arrays[name]) for name in ("light", "light_valid", "stop_distance", "knots_valid")},
        "true_lead": np.array(arrays["lead"][:, 0]),
        "true_lane": np.array(arrays["lane"][:, 0]),
        "returns": np.array(arrays["returns"]),
        "failed": np.array(arrays["failed"]),
    }


def _accuracy(rows: dict[str, NDArray]) -> dict[str, Any]:
    stop, light = rows["true_stop_distance"], rows["true_light"]
    asked = rows["true_light_valid"] & (light > 0) & (stop >= NEAR) & (stop <= FAR)
    none = rows["true_light_valid"] & (light == 0)
    lead, line, lane = rows["true_lead"] < 60.0, stop < FAR, np.abs(rows["true_lane"]) < 2.0
    valid = rows["true_knots_valid"]
    right = rows["light"] == light
    table = {
        "looks": len(stop),
        "lights": int(asked.sum()),
        "light_read": _share(right[asked]),
        "light_invented": _share(~right[none]),
        "stop_line_error_m": _median(np.abs(rows["stop"] - stop)[line]),
        "lead_error_m": _median(np.abs(rows["lead"] - rows["true_lead"])[lead]),
        "lane_error_m": _median(np.abs(rows["lane"] - rows["true_lane"])[lane]),
        "birds_eye_right": _share(rows["bird_right"]),
        "plan_error_1s_m": _mean(rows["plan"][valid, 9]),
        "plan_error_4s_m": _mean(rows["plan"][valid, 39]),
    }
    return table | {f"{LIGHTS[k]}_read": _share(right[asked & (light == k)]) for k in range(1, len(LIGHTS))}


def critic_gate(values: NDArray, returns: NDArray) -> dict[str, Any]:
    """How much of what choosing could gain the critic gains, over looks whose plans (n, M) differ in what became of them: 0 is as good
    as chance, 1 always the best. `by_margin` tells it for values that the others must have over the first, the mean plan."""
    matters = returns.max(1) - returns.min(1) > 0.02
    values, returns = values[matters], returns[matters]
    if not len(values):
        return {"looks": 0, "gain": None, "gain_of_the_first": None, "by_margin": {}}
    chance, best = returns.mean(), returns.max(1).mean()

    def gain(margin: float) -> float:
        lifted = np.concatenate([values[:, :1] + margin, values[:, 1:]], 1)
        chosen = np.take_along_axis(returns, lifted.argmax(1)[:, None], 1)[:, 0].mean()
        return round(float((chosen - chance) / (best - chance)), 3)

    by_margin = {f"{margin:g}": gain(margin) for margin in MARGINS}
    return {"looks": len(values), "gain": gain(0.0), "gain_of_the_first": gain(np.inf), "by_margin": by_margin}


def calibration(risk: NDArray, failed: NDArray, *, chosen: NDArray[np.int64]) -> dict[str, Any]:
    """What a told risk (n, M) is worth where plans failed or not: its expected calibration error over quantile bins and what each bin
    said and saw; and since a driver that always told the mean would be calibrated too, the Brier (1950) score beside that one's, and how
    often a plan that failed was told the higher risk of two (the area under the ROC curve). `mean_plan` is the same of the first plan, and
    `chosen_plan` of the one that is driven, `chosen` (n,): that is the risk which the car tells."""
    rows = np.arange(len(risk))
    return {
        **_calibrated(risk.ravel(), failed.ravel()),
        "mean_plan": _calibrated(risk[:, 0], failed[:, 0]),
        "chosen_plan": _calibrated(risk[rows, chosen], failed[rows, chosen]),
    }


def _calibrated(risk: NDArray, failed: NDArray) -> dict[str, Any]:
    seen = failed.astype(np.float64)
    bins = [part for part in np.array_split(np.argsort(risk, kind="stable"), RISK_BINS) if len(part)]
    told = [{"said": round(float(risk[b].mean()), 4), "seen": round(float(seen[b].mean()), 4)} for b in bins]
    error = sum(len(b) * abs(row["said"] - row["seen"]) for b, row in zip(bins, told, strict=True)) / max(len(risk), 1)
    brier, base = float(np.square(risk - seen).mean()), float(seen.var())
    return {
        "plans": len(risk),
        "failed": round(float(seen.mean()), 4),
        "calibration_error": round(error, 4),
        "brier": round(brier, 4),
        "brier_of_the_mean": round(base, 4),
        "ranks_right": _ranks_right(risk, seen > 0),
        "bins": told,
    }


def _ranks_right(risk: NDArray, failed: NDArray) -> float | None:
    """The share of pairs, one that failed and one that did not, in which the first was told the higher risk; a tie counts half."""
    yes, no = np.sort(risk[failed]), np.sort(risk[~failed])
    if not len(yes) or not len(no):
        return None
    below, ties = (
        np.searchsorted(no, yes, side="left").sum(),
        (np.searchsorted(no, yes, side="right") - np.searchsorted(no, yes, side="left")).sum(),
    )
    return round(float((below + 0.5 * ties) / (len(yes) * len(no))), 3)


def _share(values: NDArray) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _median(values: NDArray) -> float | None:
    return round(float(np.median(values)), 3) if len(values) else None


def _mean(values: NDArray) -> float | None:
    return round(float(values.mean()), 3) if len(values) else None
