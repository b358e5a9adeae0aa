"""The driving half of distillation: rounds of driving on a random choice of maps fill the shards, with the newest student at the wheel."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from caravela.model.checkpoint import load_checkpoint
from caravela.model.policy import TorchPolicy
from caravela.train.collect import CollectConfig, Collector, choose_maps
from caravela.train.learners import device_for
from caravela.train.recipe import VLATrainConfig
from caravela.train.run_files import append_row
from caravela.train.samples import ShardWriter
from caravela.train.teacher_driver import load_teacher
from caravela.train.threads import half_pays
from caravela.world.maps.lane_graph import LaneGraph

STEPS = 2  # of the flow, for the few plans that are drawn here: five take a third of the time that a look takes


class VLACollector:
    """Maps and teacher in, shards out; the student is whatever the trainer wrote last."""

    def __init__(
        self,
        graphs: list[LaneGraph],
        folder: Path,
        *,
        teacher: Path,
        config: VLATrainConfig,
        collect: CollectConfig,
        number: int | None = None,
    ) -> None:
        """`number` tells collectors of one run apart, which fill the same folder; None where there is but one."""
        self.graphs, self.folder, self.teacher_path, self.config, self.collect = graphs, folder, teacher, config, collect
        self.writer = ShardWriter(folder / "shards", size=config.shard, keep=config.keep)
        self.device = device_for(0)  # the student plans there; all else here
        self.half = half_pays(self.device)  # here, whatever the learner's machine is
        seed = (config.seed, self.writer.written)
        self.random = np.random.default_rng(seed if number is None else (*seed, number))

    def run_round(self, *, console: Console | None = None) -> dict[str, float]:
        """One round on a random choice of maps; returns its counts, which are also kept, see `record_round`."""
        counts = self.drive_round()
        record_round(self.folder, counts, console=console)
        return counts

    def drive_round(self) -> dict[str, float]:
        """One round on a random choice of maps; returns its counts."""
        config, average = self.config, self.folder / "average.safetensors"
        chosen = choose_maps(self.graphs, count=self.collect.maps, real_share=self.collect.real_share, random=self.random)
        teacher = load_teacher(self.teacher_path)
        began = time.monotonic()
        collector = Collector(chosen, teacher, self.writer, config=self.collect, seed=int(self.random.integers(1 << 31)))
        student = None
        kept = self.folder / "collect.jsonl"
        rounds = len(kept.read_text().splitlines()) if kept.exists() else 0
        if rounds >= config.teacher_rounds and average.exists():
            checkpoint = load_checkpoint(average)
            chooses = int(checkpoint.progress["step"]) >= config.critic_from
            model, margin, caution = checkpoint.model, config.critic_margin, config.critic_caution
            model.config = replace(model.config, critic_trained=chooses, critic_margin=margin, critic_caution=caution, paces=config.paces)
            half = bool(checkpoint.progress.get("half", False)) and self.half
            student = TorchPolicy(model.to(self.device), proposals=self.collect.proposals, steps=STEPS, half=half)
        counts = collector.run(student, student_share=config.student_share)
        return counts | {"seconds": time.monotonic() - began, "by_student": float(student is not None)}


def hire_collector(
    graphs: list[LaneGraph], folder: Path, number: int, *, teacher: Path, config: VLATrainConfig, collect: CollectConfig
) -> Callable[[], dict[str, float]]:
    """The rounds of one of several collectors, see `train.collectors`: whoever hires them keeps the counts."""
    return VLACollector(graphs, folder, teacher=teacher, config=config, collect=collect, number=number).drive_round


def record_round(folder: Path, counts: dict[str, float], *, console: Console | None = None) -> None:
    """Append a round's counts to collect.jsonl, and show them."""
    append_row(folder / "collect.jsonl", counts)
    (console or Console(stderr=True)).print("collect " + "  ".join(f"{k} {v:.2f}" for k, v in counts.items()), soft_wrap=True)
