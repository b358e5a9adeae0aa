"""The teacher: proximal policy optimisation (Schulman et al. 2017) in self-play, every vehicle of every world at once. No
driving rule anywhere: only the reward's parts, weighted by a style that the agent is told (Cusumano-Towner et al. 2025)."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from caravela.core.errors import BundleError, unknown_name
from caravela.core.units import STEP_S
from caravela.train.rollout import Rollout
from caravela.train.run_files import append_row, not_finite, read_tensors, replace_together, write_tensors
from caravela.train.self_play import HostPlay, SelfPlay, controls
from caravela.train.teacher_net import ACCELERATIONS, CURVATURE_CHANGES, TeacherNet
from caravela.world.arena import Arena
from caravela.world.atlas import Atlas
from caravela.world.kernels import events
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, SPEED_SCALE

SHOWN = {
    "at fault": "at_fault_collision",
    "off road": "off_road",
    "route missed": "route_missed",
    "red": "red_light",
    "right of way": "right_of_way",
    "wrong way": "wrong_way",
}


@dataclass(frozen=True)
class TeacherConfig:
    """One run. Steps are agent-steps of 0.1 s."""

    worlds: int = 128
    learners: int = 4
    cars: int = 7
    parked: int = 6
    walkers: int = 4
    incident_every: float = 6.0  # s of the way of each world's first learner without an incident until the next is set
    real_share: float = 0.3  # of worlds on maps of real places: those are few, narrow and hard
    horizon: int = 32  # steps collected between updates
    epochs: int = 2
    minibatch: int = 3072
    learning_rate: float = 4e-4
    final_learning_rate: float = 5e-5
    discount: float = 0.985
    trace: float = 0.95  # GAE lambda (Schulman et al. 2016)
    clip: float = 0.2
    dull_share: float = 0.15  # of the half with the smaller advantages that is learned from (after Gigaflow's advantage filtering)
    entropy: float = 0.0015
    value_weight: float = 0.5
    steps: int = 80_000_000
    width: int = 192
    seed: int = 0
    severity_start: float = 0.1  # of full punishment, rising to 1 over the first severity_steps
    severity_steps: int = 12_000_000
    scatter_share: float = 0.02  # of worlds moved to another map after each update


def arena_for(atlas: Atlas, config: TeacherConfig, device: torch.device) -> SelfPlay:
    """The run's worlds, on the CPU or on a GPU, where no incidents are set. Raises CaravelaError where there is no such GPU."""
    given: dict[str, Any] = {
        "batch": config.worlds,
        "learners": config.learners,
        "cars": config.cars,
        "parked": config.parked,
        "walkers": config.walkers,
        "seed": config.seed,
    }
    if device.type == "cpu":
        return HostPlay(Arena(atlas, **given, incident_every=config.incident_every, real_share=config.real_share))
    from caravela.train.device_arena import DeviceArena

    return DeviceArena(atlas, **given, real_share=config.real_share, device=device)


class TeacherRun:
    """A run in a folder: checkpoint, curve, and the loop."""

    def __init__(self, atlas: Atlas, folder: Path, config: TeacherConfig, *, device: torch.device | None = None) -> None:
        """On the CPU, or on a GPU: the worlds, the network and the learning."""
        self.config, self.folder, self.path = config, folder, folder / "last.pt"
        self.device = device or torch.device("cpu")
        torch.manual_seed(config.seed)
        self.net = TeacherNet(width=config.width).to(self.device)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate, eps=1e-5)
        self.done_steps = 0
        self.rollout = Rollout(config.horizon, config.worlds * config.learners, device=self.device)
        self.accelerations = torch.tensor(ACCELERATIONS, device=self.device)
        self.changes = torch.tensor(CURVATURE_CHANGES, device=self.device)
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        chance = config.seed + self.done_steps  # a run taken up again draws other maps, styles and noise than it has had
        torch.manual_seed(chance)
        self.play = arena_for(atlas, replace(config, seed=chance % (1 << 31)), self.device)

    def _resume(self) -> None:
        if not self.path.exists():
            return
        mend = "take it away and the run begins anew, or give another --folder"
        saved = read_tensors(self.path, mend=mend)
        try:
            self.net.load_state_dict(saved["net"])
            if "optimiser" in saved:  # the checkpoint that ships carries none: its moments are gathered anew
                self.optimiser.load_state_dict(saved["optimiser"])
            self.done_steps = int(saved["steps"])
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            said = str(error).strip().splitlines()[0]
            raise BundleError(f"'{self.path}' is of another version of the teacher ({type(error).__name__}: {said}); {mend}.") from error

    def save(self) -> None:
        """Write the checkpoint atomically: the last good one survives a crash. Raises CaravelaError where the disk refuses."""
        content = {
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.done_steps,
            "config": asdict(self.config),
        }
        replace_together({self.path: lambda path: write_tensors(path, content)})

    def collect(self) -> dict[str, float]:
        """Fill the rollout; returns rates of events per driven kilometre and mean speed."""
        roll, kinds = self.rollout, torch.arange(len(events.NAMES), device=self.device)
        counts, metres = torch.zeros(len(kinds), dtype=torch.int64, device=self.device), torch.zeros((), device=self.device)
        for t in range(self.config.horizon):
            look = self.play.look()
            with torch.no_grad():
                acceleration, steering, value = self.net(look.rows, look.objects, look.mask)
                choice = torch.stack([_sample(acceleration), _sample(steering)], dim=-1)
                log_probability = _log_probability(acceleration, steering, choice)
            roll.keep_look(t, look, choice=choice, log_probability=log_probability, value=value)
            outcome = self.play.step(controls(choice, look, accelerations=self.accelerations, changes=self.changes))
            roll.keep_outcome(t, outcome)
            counts += (outcome.bits[:, None] >> kinds & 1).sum(0)
            metres += torch.where(roll.present[t], roll.rows[t, :, 0] * SPEED_SCALE * STEP_S, 0.0).sum()
        look = self.play.look()
        with torch.no_grad():
            roll.value[-1] = self.net(look.rows, look.objects, look.mask)[2]
        driven, moments = float(metres), max(int(roll.present.sum()), 1)
        curve = {name: float(count * 1000.0 / max(driven, 1.0)) for name, count in zip(events.NAMES, counts.tolist(), strict=True)}
        return curve | {"speed": driven / (moments * STEP_S), "reward": float(torch.where(roll.present, roll.reward, 0.0).sum()) / moments}

    def learn(self) -> dict[str, float]:
        """PPO epochs over the rollout; returns mean losses."""
        config, roll = self.config, self.rollout
        advantages = roll.advantages(discount=config.discount, trace=config.trace)
        returns = (advantages + roll.value[:-1]).view(-1)
        keep = roll.present.view(-1).nonzero().squeeze(-1)
        flat = {
            "rows": roll.rows.view(-1, ROW),
            "objects": roll.objects.view(-1, OBJECTS, OBJECT),
            "mask": roll.mask.view(-1, OBJECTS),
            "choice": roll.choice.view(-1, 2),
            "old": roll.log_probability.view(-1),
        }
        chosen = advantages.view(-1)[keep]
        normal = (advantages.view(-1) - chosen.mean()) / (chosen.std(correction=0) + 1e-6)
        decisive = ~(chosen.abs() <= chosen.abs().median())  # moments that teach, and what is no number; of the others a share
        sums, batches = torch.zeros(4, device=self.device), 0
        for _ in range(config.epochs):
            among = keep[decisive | (torch.rand(len(keep), device=self.device) < config.dull_share)]
            order = among[torch.randperm(len(among), device=self.device)]
            for start in range(0, len(order) - config.minibatch // 2, config.minibatch):
                index = order[start : start + config.minibatch]
                sums += self._update({k: v[index] for k, v in flat.items()}, normal[index], returns[index])
                batches += 1
        policy, value, entropy, moved = (sums / max(batches, 1)).tolist()
        return {"policy_loss": policy, "value_loss": value, "entropy": entropy, "clipped": moved}

    def _update(self, part: dict[str, Tensor], advantage: Tensor, returns: Tensor) -> Tensor:
        config = self.config
        acceleration, steering, value = self.net(part["rows"], part["objects"], part["mask"])
        ratio = (_log_probability(acceleration, steering, part["choice"]) - part["old"]).exp()
        policy_loss = -torch.minimum(ratio * advantage, ratio.clamp(1 - config.clip, 1 + config.clip) * advantage).mean()
        value_loss = torch.nn.functional.smooth_l1_loss(value, returns)
        entropy = -(acceleration.exp() * acceleration).sum(-1).mean() - (steering.exp() * steering).sum(-1).mean()
        loss = policy_loss + config.value_weight * value_loss - config.entropy * entropy
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if not torch.isfinite(torch.nn.utils.clip_grad_norm_(self.net.parameters(), 0.5)):  # as it is with any loss that is no number
            raise not_finite("loss or its gradient", at=f"step {self.done_steps}", kept=self.path)
        self.optimiser.step()
        clipped = ((ratio - 1).abs() > config.clip).float().mean()
        return torch.stack([policy_loss, value_loss, entropy, clipped]).detach()

    def train(self, *, until: int | None = None, console: Console | None = None, save_every_s: float = 120.0) -> None:
        """Collect and learn until `until` agent-steps; resumable at any moment. The curve is appended to curve.jsonl."""
        config, console = self.config, console or Console(stderr=True)
        until, saved, update = config.steps if until is None else until, time.monotonic(), 0
        while self.done_steps < until:
            began = time.monotonic()
            share = min(self.done_steps / config.steps, 1.0)
            for group in self.optimiser.param_groups:
                group["lr"] = config.learning_rate + share * (config.final_learning_rate - config.learning_rate)
            self.play.severity = min(1.0, config.severity_start + (1.0 - config.severity_start) * self.done_steps / config.severity_steps)
            rates = self.collect()
            collected = time.monotonic()
            losses = self.learn()
            steps = int(self.rollout.present.sum())
            self.done_steps += steps
            self.play.scatter_some(max(1, int(config.scatter_share * config.worlds)))
            update += 1
            now = time.monotonic()
            row = (
                {"steps": self.done_steps, "agent_steps_per_s": steps / (now - began), "collect_share": (collected - began) / (now - began)}
                | rates
                | losses
            )
            append_row(self.folder / "curve.jsonl", {k: round(float(v), 5) for k, v in row.items()})
            if update % 20 == 1:
                rates_shown = "  ".join(f"{name} {row[key]:.2f}" for name, key in SHOWN.items())
                console.print(
                    f"teacher {self.done_steps / 1e6:6.2f} M steps  {row['agent_steps_per_s'] / 1e3:5.1f} k/s  "
                    f"speed {row['speed']:5.2f} m/s  reward {row['reward']:.3f}  per km: {rates_shown}",
                    soft_wrap=True,
                )
            if now - saved > save_every_s:
                self.save()
                saved = now
        self.save()


def _sample(log_probabilities: Tensor) -> Tensor:
    """Gumbel-max: one draw per row."""
    return (log_probabilities - torch.log(-torch.log(torch.rand_like(log_probabilities).clamp(1e-9, 1 - 1e-7)))).argmax(-1)


def _log_probability(acceleration: Tensor, steering: Tensor, choice: Tensor) -> Tensor:
    return acceleration.gather(-1, choice[:, :1]).squeeze(-1) + steering.gather(-1, choice[:, 1:]).squeeze(-1)


def nano() -> TeacherConfig:
    """The run that ships: an hour or two on one core."""
    return TeacherConfig()


PRESETS = {"nano": nano}


def teacher_preset(name: str) -> TeacherConfig:
    """The preset of that name. Raises CaravelaError with a suggestion when there is none."""
    if name not in PRESETS:
        raise unknown_name("teacher preset", name, PRESETS)
    return PRESETS[name]()
