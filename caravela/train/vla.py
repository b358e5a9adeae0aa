"""The driver by on-policy distillation: a collector fills shards with labelled looks, a trainer learns from them, and the
newest student drives the next round (`rounds.py`). The two are separate loops over one folder, so they run as one process in turn, or
as two at once, and either may be killed at any moment."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sized
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from caravela.core.errors import BundleError, CaravelaError
from caravela.model.batch import Batch
from caravela.model.checkpoint import BEGUN_WITH, load_checkpoint, save_checkpoint
from caravela.model.presets import preset
from caravela.model.reopen import measure_norms, reopen, weights_digest
from caravela.model.vla import VLA
from caravela.train.learners import Learner
from caravela.train.lessons import weights
from caravela.train.recipe import USUAL_BATCH, VLATrainConfig
from caravela.train.relight import relight
from caravela.train.rephrase import Rephrasing
from caravela.train.run_files import append_row, not_finite, read_tensors, replace_together, write_tensors
from caravela.train.samples import ResidentReader, ShardReader
from caravela.train.sharding import local, reach_all, shard, spread_moments, whole, whole_moments
from caravela.train.threads import half_pays, use_threads

ENDLESS = 1 << 62  # steps
WARM_SHARE = 0.1  # of a run by the clock, by the end of which it is warm, however few its steps
EYES = "eyes"  # folder of a run's pretraining in its own
EYES_FIRST = 200  # steps in which a driver that was exported learns its eyes' heads alone, which begin anew: they'd upset all the rest


class Reader(Protocol):
    """What a trainer learns from."""

    @property
    def shards(self) -> Mapping[str, Sized]:
        """By name, each as long as it has looks."""

    def refresh(self) -> int:
        """Look for new ones; returns the number of looks."""

    def draw(self, size: int) -> Batch:
        """So many of them at random."""


class Losses(nn.Module):
    """A model as what it learns from: its forward pass is its losses, see `VLA.compute_loss`."""

    def __init__(self, model: VLA, *, sharded: bool = False) -> None:
        super().__init__()
        self.model, self.sharded = model, sharded

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        losses = self.model.compute_loss(batch)
        return losses | {"total": reach_all(losses["total"], self.model)} if self.sharded else losses


class VLATrainer:
    """The learning half: shards in, checkpoint out."""

    def __init__(self, folder: Path, config: VLATrainConfig, *, begin_with: Path | None = None, learner: Learner | None = None) -> None:
        """A run that is there goes on; a new one begins with an exported driver, or from nothing. One of several learners begins when
        the first one has: see `Learner.in_turn`. Raises BundleError for a checkpoint that cannot be read."""
        self.folder, self.config, self.learner = folder, config, learner or Learner()
        device = self.learner.device
        self.half = half_pays(device) if config.half is None else config.half
        self._norms_measured, self._eyes_first, self._warm_from = True, 0, 0
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed + self.learner.index)
        self.path, self.average_path, self.moments_path = (
            folder / name for name in ("last.safetensors", "average.safetensors", "optimiser.pt")
        )
        self.step = 0
        self._begun: dict[str, Any] = {}  # what a checkpoint of before does not say: which driver the run began with
        if self.path.exists():
            self._take_up(begin_with)
        else:
            self._begun = {BEGUN_WITH: None if begin_with is None else weights_digest(begin_with)}
            self.model = self._new_model() if begin_with is None else self._reopened(begin_with)
            self.model.config = replace(self.model.config, mirrors_left=True)
            self.beside = self._make_beside()
            self._norms_measured, self._eyes_first = begin_with is None, 0 if begin_with is None else EYES_FIRST
            self._warm_from = self._eyes_first
            self.average = VLA(self.model.config)
            self.average.load_state_dict(self.model.state_dict())
        self.model.to(device).train()
        self.average.to(device).eval()
        self.beside.to(device).train()
        self._losses: nn.Module | None = None
        self._set_up_optimiser()
        on_gpu = device.type == "cuda"
        torch.backends.cudnn.benchmark = on_gpu
        if self.step and self.moments_path.exists():
            self._take_up_moments()
            for group in self.optimiser.param_groups:
                group["fused"], group["foreach"] = on_gpu, None  # of this device, not of the one that it was saved on
        elif self.step:
            self._warm_from = self.step
        self.share = self.learner.share_of(config.batch)
        self._light = torch.Generator().manual_seed(config.seed + self.step + self.learner.index)
        self.reader = self._reader()
        if not self.path.exists():
            self.save()  # a driver that the run begins with drives the first round
        self._rephrasing: Rephrasing | None = None
        self._annealed: float | None = None  # share of the way to the final learning rate, where time says it and not the step

    def _new_model(self) -> VLA:
        """The model of a new run: with the eyes of the folder's pretraining, if there was one, or from nothing. Raises BundleError for eyes
        that cannot be read or are of another size."""
        eyes = self.folder / EYES / "average.safetensors"
        if not eyes.exists():
            return VLA(preset(self.config.preset))
        saved = load_checkpoint(eyes)
        if saved.model.config.name != self.config.preset:
            raise BundleError(
                f"the eyes in '{eyes.parent}' are of the preset {saved.model.config.name}; expected {self.config.preset}: give that preset, or take the "
                "eyes away."
            )
        self._begun[EYES] = {"step": saved.progress.get("step"), "digest": hashlib.sha256(eyes.read_bytes()).hexdigest()}
        return saved.model

    def _reopened(self, driver: Path) -> VLA:
        """The driver that a new run begins with. Raises BundleError for one of another size than the run's."""
        model = reopen(driver)
        if model.config.name != self.config.preset:
            raise BundleError(
                f"'{driver}' is of the preset {model.config.name}; got {self.config.preset}: give that preset, or leave --begin-with out."
            )
        return model

    def _make_beside(self) -> nn.Module:
        """What is learned beside the model and is no part of it: nothing."""
        return nn.Module()

    def _reader(self) -> Reader:
        """What is learned from."""
        config, seed = self.config, self.config.seed + self.step
        how: dict[str, Any] = {
            "seed": seed if self.learner.writes else (seed, self.learner.index),
            "weigh": weights if config.lessons else None,
        }
        how |= {"mirrors_left": self.model.config.mirrors_left}
        shards, device = self.folder / "shards", self.learner.device
        return ResidentReader(shards, device=device, **how) if device.type == "cuda" else ShardReader(shards, **how)

    def _take_up(self, begin_with: Path | None) -> None:
        saved = load_checkpoint(self.path)
        preset_there = saved.progress.get("config", {}).get("preset", self.config.preset)
        if preset_there != self.config.preset:
            raise BundleError(
                f"the run in '{self.folder}' trains the preset {preset_there}; got {self.config.preset}: give that preset, or another --folder."
            )
        self.model = saved.model
        try:
            self.step = int(saved.progress["step"])
            self._norms_measured = bool(saved.progress.get("norms_measured", True))
            self._eyes_first = int(saved.progress.get("eyes_first", 0))
            self._warm_from = int(saved.progress.get("warm_from", self._eyes_first))
            self._begun = {name: saved.progress[name] for name in (BEGUN_WITH, EYES) if name in saved.progress}
            if begin_with is not None and BEGUN_WITH in self._begun and self._begun[BEGUN_WITH] != weights_digest(begin_with):
                raise BundleError(
                    f"the run in '{self.folder}' did not begin with '{begin_with}'; leave --begin-with out to go on with it, or give another --folder."
                )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(
                f"checkpoint {self.path} does not say how far its run was; expected one that `caravela train vla` wrote."
            ) from error
        self.beside = self._make_beside()
        try:
            self.beside.load_state_dict(saved.extra)
        except RuntimeError as error:
            raise BundleError(
                f"checkpoint {self.path} is of another kind of run ({str(error).splitlines()[0]}); give another --folder."
            ) from error
        self.half = bool(saved.progress.get("half", self.half)) if self.config.half is None else self.config.half
        self.average = load_checkpoint(self.average_path).model

    def _take_up_moments(self) -> None:
        mend = f"take it away, and the run goes on from step {self.step} with moments that are gathered anew"
        saved = read_tensors(self.moments_path, mend=mend)
        try:
            self.optimiser.load_state_dict(saved)
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            raise BundleError(f"'{self.moments_path}' belongs to another model ({error}); {mend}.") from error

    def _set_up_optimiser(self) -> None:
        """One for all that is learned."""
        self.learned = [*self.model.parameters(), *self.beside.parameters()]
        decayed, plain = [p for p in self.learned if p.ndim >= 2], [p for p in self.learned if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": self.config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        on_gpu = self.learner.device.type == "cuda"
        self.optimiser = torch.optim.AdamW(groups, lr=self.config.learning_rate, betas=(0.9, 0.98), fused=on_gpu)

    def spread(self) -> None:
        """Keep this learner's part of the weights alone, where the learners are sharded; all of them have to. Raises CaravelaError where the run has
        not measured its norms yet: that takes whole weights."""
        if not self.learner.sharded:
            return
        if not self._norms_measured:
            raise CaravelaError(
                f"the run in '{self.folder}' has just begun with an exported driver, whose batch norms are measured with whole weights; take its "
                "first step without --sharded (--minutes 1)."
            )
        moments = self.optimiser.state_dict()
        self._losses = shard(Losses(self.model, sharded=True), device=self.learner.device)
        shard(self.average, device=self.learner.device)
        self._set_up_optimiser()
        in_order = [value for group in self.optimiser.param_groups for value in group["params"]]
        self.optimiser.load_state_dict(spread_moments(moments, in_order))

    @property
    def spread_out(self) -> bool:
        """Whether each learner keeps only its part."""
        return isinstance(self._losses, Losses) and self._losses.sharded

    @property
    def data_version(self) -> str:
        """Which looks are being learned from: the recipe's name and a digest of the shards that are there."""
        looks = "".join(f"{name} {len(shard)}\n" for name, shard in sorted(self.reader.shards.items()))
        return f"{self.config.data_version}+{hashlib.sha256(looks.encode()).hexdigest()[:8]}"

    def save(self) -> None:
        """Write checkpoint, moving average and optimiser, all or none; sharded learners all have to. Raises CaravelaError where the disk refuses."""
        model, average, moments = self.model, self.average, self.optimiser.state_dict
        if self.spread_out:
            model, average = self._whole(self.model), self._whole(self.average)
            moments = partial(dict, whole_moments(self.optimiser))
        if not self.learner.writes:
            return
        progress = {"step": self.step, "config": asdict(self.config), "half": self.half}
        progress |= {"norms_measured": self._norms_measured, "eyes_first": self._eyes_first, "warm_from": self._warm_from} | self._begun

        def checkpoint(model: VLA, extra: dict[str, Tensor]) -> Callable[[Path], None]:
            return lambda path: save_checkpoint(path, model, data_version=self.data_version, extra=extra, progress=progress)

        replace_together(
            {
                self.average_path: checkpoint(average, {}),
                self.moments_path: lambda path: write_tensors(path, moments()),
                self.path: checkpoint(model, self.beside.state_dict()),
            }
        )

    def _whole(self, model: VLA) -> VLA:
        """A model that is not sharded, with the weights of one that is."""
        gathered = VLA(model.config)
        gathered.load_state_dict(whole(model.state_dict()))
        return gathered

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """What `batch`, this learner's share, costs; backward from it, the gradient is that of all learners' shares."""
        if self._losses is None:
            self._losses = self.learner.join(Losses(self.model))
        with torch.autocast(self.learner.device.type, dtype=torch.bfloat16, enabled=self.half):
            return self._losses(batch)

    def learn(self, batch: Batch) -> dict[str, Tensor]:
        """One step on this learner's share of a batch; returns its losses. Raises CaravelaError on a loss or gradient that is not finite in any of the
        learners, before it reaches the weights."""
        config, batch = self.config, batch.to(self.learner.device)
        if not self._norms_measured:  # a driver that was exported has forgotten them
            measure_norms(self.model.eval(), batch.images)
            self.learner.make_alike(self.model)
            self.average.load_state_dict(self.model.state_dict())
            self.model.train()
            self._norms_measured = True
        if config.relight:
            batch = self._relit(batch)
        if config.rephrase:
            self._rephrasing = self._rephrasing or Rephrasing()
            batch = replace(batch, words=self._rephrasing(batch.words, generator=self._light))
        share = min(self.step / config.steps, 1.0) if self._annealed is None else self._annealed
        rate = config.final_learning_rate + 0.5 * (config.learning_rate - config.final_learning_rate) * (1 + np.cos(np.pi * share))
        root = (config.batch / USUAL_BATCH) ** 0.5  # as Adam's noise asks for (Malladi et al. 2022)
        begun = self.step - self._warm_from + 1
        warm = max(begun / config.warmup, 0.0 if self._annealed is None else self._annealed / WARM_SHARE)
        for group in self.optimiser.param_groups:
            group["lr"] = float(rate) * root * (min(1.0, warm) if begun > 0 else 1.0)
        losses = self.losses(batch)
        if not self.learner.all_agree(bool(torch.isfinite(losses["total"]))):
            raise not_finite("loss", at=f"step {self.step}", kept=self.path)
        self.optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        if self.step < self._eyes_first:
            for name, parameter in self.model.named_parameters():
                parameter.grad = parameter.grad if name.startswith("eyes.") else None
        norm = torch.nn.utils.clip_grad_norm_(self.learned, 1.0)
        if not torch.isfinite(whole({"norm": norm})["norm"]):  # alike in all learners
            raise not_finite("gradient", at=f"step {self.step}", kept=self.path)
        self.optimiser.step()
        self.step += 1
        if self.learner.writes or self.spread_out:
            self._follow()
        return {name: value.detach() for name, value in losses.items()}

    def _relit(self, batch: Batch) -> Batch:
        return replace(batch, images=relight(batch.images, generator=self._light))

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the moving average follow the weights."""
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        if self.spread_out:  # each its part
            for average, weight in zip(self.average.parameters(), self.model.parameters(), strict=True):
                local(average).lerp_(local(weight), 1.0 - keep)
        else:
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1.0 - keep)
        for mine, theirs in zip(self.average.buffers(), self.model.buffers(), strict=True):
            if mine.is_floating_point():
                mine.lerp_(theirs, 1.0 - keep)
            else:
                mine.copy_(theirs)

    def _wait_for_shards(self, console: Console) -> None:
        told = False
        while not self.reader.refresh():
            if not told and self.learner.writes:
                console.print(f"waiting for the first shard in {self.folder / 'shards'}: the collecting half writes it", soft_wrap=True)
            told = True
            time.sleep(2.0)

    def train(
        self,
        *,
        seconds: float | None = None,
        until: int | None = None,
        anneal: bool = False,
        clock: Callable[[], float] = time.monotonic,
        console: Console | None = None,
        save_every_s: float = 120.0,
    ) -> None:
        """Learn for `seconds` or until a step; waits for the first shards; the curve is appended to curve.jsonl. With `anneal` the
        learning rate falls with the seconds, not with the steps. `clock` tells the seconds."""
        console = console or Console(stderr=True)
        if self.step == 0 and EYES in self._begun and self.learner.writes:
            console.print(f"begins with the eyes in '{self.folder / EYES}', of {self._begun[EYES]['step']} steps", soft_wrap=True)
        until = self.config.steps if until is None else until
        if self.step < until:
            self._wait_for_shards(console)
        began, saved = clock(), time.monotonic()
        sums: dict[str, list[Tensor]] = {}
        while self.step < until and (seconds is None or clock() - began < seconds):
            if self.step % 100 == 0 or not self.reader.shards:
                self._wait_for_shards(console)
            if anneal and seconds is not None:
                self._annealed = min((clock() - began) / seconds, 1.0)
            losses = self.learn(self.reader.draw(self.share))
            for name, value in losses.items() if self.learner.writes else ():
                sums.setdefault(name, []).append(value)
            if self.step % 50 == 0 and self.learner.writes:
                means = {name: float(torch.stack(values).mean()) for name, values in sums.items()}
                row = {"step": self.step, "samples": sum(len(s) for s in self.reader.shards.values()), "elapsed_s": clock() - began} | means
                append_row(self.folder / "curve.jsonl", {k: round(float(v), 5) for k, v in row.items()})
                console.print(f"vla step {self.step:6d}  " + "  ".join(f"{k} {v:.3f}" for k, v in means.items()), soft_wrap=True)
                sums = {}
            if self.step % 50 == 0 and self._due(time.monotonic() - saved > save_every_s):
                self.save()
                saved = time.monotonic()
        self.save()

    def _due(self, due: bool) -> bool:
        """Whether it is time to save: sharded learners do so together, when the first one's clock says it."""
        return self.learner.writer_says(due) if self.spread_out else due and self.learner.writes


def learn_until_done(
    folder: Path,
    config: VLATrainConfig,
    learner: Learner,
    *,
    begin_with: Path | None = None,
    threads: int = 1,
    minutes: float | None = None,
) -> None:
    """Learn what is left of a run's steps, or for some minutes at whose end the learning rate is at its lowest, as one of its learners."""
    use_threads(threads)
    trainer = learner.in_turn(lambda: VLATrainer(folder, config, begin_with=begin_with, learner=learner))
    trainer.spread()
    if minutes is None:
        trainer.train()
    else:
        trainer.train(seconds=60.0 * minutes, until=ENDLESS, anneal=True, save_every_s=min(120.0, 6.0 * minutes))


def step_of(folder: Path) -> int:
    """The step of a run's checkpoint."""
    return int(load_checkpoint(folder / "last.safetensors").progress["step"])
