"""The teacher: proximal policy optimisation (Schulman et al. 2017) in self-play, every vehicle of every world at once. No
driving rule anywhere: only the reward's parts, weighted by a style that the agent is told (Cusumano-Towner et al. 2025)."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from caravela.core.errors import BundleError, unknown_name
from caravela.train.run_files import append_row, not_finite, read_tensors, replace_together, write_tensors
from caravela.train.teacher_net import ACCELERATIONS, CURVATURE_CHANGES, TeacherNet
from caravela.world.arena import Arena
from caravela.world.atlas import Atlas
from caravela.world.kernels import events
from caravela.world.kernels.dynamics import FULL_LOCK
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW

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


class Rollout:
    """`horizon` steps of N learners."""

    def __init__(self, horizon: int, count: int) -> None:
        self.rows = np.zeros((horizon, count, ROW), dtype=np.float32)
        self.objects = np.zeros((horizon, count, OBJECTS, OBJECT), dtype=np.float32)
        self.mask = np.zeros((horizon, count, OBJECTS), dtype=np.bool_)
        self.present = np.zeros((horizon, count), dtype=np.bool_)
        self.choice = np.zeros((horizon, count, 2), dtype=np.int64)
        self.log_probability = np.zeros((horizon, count), dtype=np.float32)
        self.value = np.zeros((horizon + 1, count), dtype=np.float32)
        self.reward = np.zeros((horizon, count), dtype=np.float32)
        self.failed = np.zeros((horizon, count), dtype=np.bool_)
        self.cut = np.zeros((horizon, count), dtype=np.bool_)

    def advantages(self, *, discount: float, trace: float) -> np.ndarray:
        """Generalised advantage estimates (horizon, N)."""
        result = np.zeros_like(self.reward)
        running = np.zeros(self.reward.shape[1], dtype=np.float32)
        for t in range(len(self.reward) - 1, -1, -1):
            # a failure ends the return; being cut short continues it with the last value known
            following = np.where(self.failed[t], 0.0, np.where(self.cut[t], self.value[t], self.value[t + 1]))
            delta = self.reward[t] + discount * following - self.value[t]
            running = delta + discount * trace * np.where(self.failed[t] | self.cut[t], 0.0, running)
            result[t] = running
        return result


class TeacherRun:
    """A run in a folder: checkpoint, curve, and the loop."""

    def __init__(self, atlas: Atlas, folder: Path, config: TeacherConfig) -> None:
        self.config, self.folder, self.path = config, folder, folder / "last.pt"
        torch.manual_seed(config.seed)
        self.arena = Arena(
            atlas,
            batch=config.worlds,
            learners=config.learners,
            cars=config.cars,
            parked=config.parked,
            walkers=config.walkers,
            incident_every=config.incident_every,
            real_share=config.real_share,
            seed=config.seed,
        )
        self.net = TeacherNet(width=config.width)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate, eps=1e-5)
        self.done_steps = 0
        self.rollout = Rollout(config.horizon, config.worlds * config.learners)
        self.accelerations = np.array(ACCELERATIONS, dtype=np.float32)
        self.changes = np.array(CURVATURE_CHANGES, dtype=np.float32)
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

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
        roll, counts, metres, reward = self.rollout, np.zeros(16, dtype=np.int64), 0.0, 0.0
        for t in range(self.config.horizon):
            seen = self.arena.look()
            with torch.no_grad():
                acceleration, steering, value = self.net(
                    torch.from_numpy(seen.rows), torch.from_numpy(seen.objects), torch.from_numpy(seen.mask)
                )
                choice = torch.stack([_sample(acceleration), _sample(steering)], dim=-1)
                log_probability = _log_probability(acceleration, steering, choice)
            roll.rows[t], roll.objects[t], roll.mask[t], roll.present[t] = seen.rows, seen.objects, seen.mask, seen.present
            roll.choice[t], roll.log_probability[t], roll.value[t] = choice.numpy(), log_probability.numpy(), value.numpy()
            roll.reward[t], roll.failed[t], roll.cut[t], bits = self.arena.step(self.controls(roll.choice[t]))
            counts += [(bits >> k & 1).sum() for k in range(16)]
            metres += float(np.where(seen.present, seen.rows[:, 0] * 15.0 * 0.1, 0.0).sum())
            reward += float(roll.reward[t].mean())
        seen = self.arena.look()
        with torch.no_grad():
            roll.value[-1] = self.net(torch.from_numpy(seen.rows), torch.from_numpy(seen.objects), torch.from_numpy(seen.mask))[2].numpy()
        per_km = 1000.0 / max(metres, 1.0)
        curve = {name: float(counts[k] * per_km) for k, name in enumerate(events.NAMES)}
        return curve | {"speed": metres / (roll.present.sum() * 0.1), "reward": reward / self.config.horizon}

    def controls(self, choice: np.ndarray) -> np.ndarray:
        """Physical controls (N, 2) of chosen bins (N, 2)."""
        mine = slice(0, self.arena.learners)
        curvature = self.arena.state.curvature[:, mine].ravel() + self.changes[choice[:, 1]]
        lock = FULL_LOCK[self.arena.state.kind[:, mine].ravel()]
        return np.stack([self.accelerations[choice[:, 0]], np.clip(curvature, -lock, lock)], axis=-1)

    def learn(self) -> dict[str, float]:
        """PPO epochs over the rollout; returns mean losses."""
        config, roll = self.config, self.rollout
        advantages = roll.advantages(discount=config.discount, trace=config.trace)
        returns = torch.from_numpy((advantages + roll.value[:-1]).ravel())
        keep = np.flatnonzero(roll.present.ravel())
        flat = {
            "rows": torch.from_numpy(roll.rows.reshape(-1, ROW)),
            "objects": torch.from_numpy(roll.objects.reshape(-1, OBJECTS, OBJECT)),
            "mask": torch.from_numpy(roll.mask.reshape(-1, OBJECTS)),
            "choice": torch.from_numpy(roll.choice.reshape(-1, 2)),
            "old": torch.from_numpy(roll.log_probability.ravel()),
        }
        chosen = advantages.ravel()[keep]
        normal = torch.from_numpy(((advantages.ravel() - chosen.mean()) / (chosen.std() + 1e-6)).astype(np.float32))
        random = np.random.default_rng(self.done_steps)
        decisive = np.abs(chosen) > np.quantile(np.abs(chosen), 0.5)  # moments that teach; of the others a share
        sums, batches = np.zeros(4), 0
        for _ in range(config.epochs):
            order = random.permutation(keep[decisive | (random.random(len(keep)) < config.dull_share)])
            for start in range(0, len(order) - config.minibatch // 2, config.minibatch):
                index = torch.from_numpy(order[start : start + config.minibatch])
                sums += self._update({k: v[index] for k, v in flat.items()}, normal[index], returns[index])
                batches += 1
        policy, value, entropy, moved = sums / max(batches, 1)
        return {"policy_loss": policy, "value_loss": value, "entropy": entropy, "clipped": moved}

    def _update(self, part: dict[str, Tensor], advantage: Tensor, returns: Tensor) -> np.ndarray:
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
        return np.array([policy_loss.item(), value_loss.item(), entropy.item(), clipped.item()])

    def train(self, *, until: int | None = None, console: Console | None = None, save_every_s: float = 120.0) -> None:
        """Collect and learn until `until` agent-steps; resumable at any moment. The curve is appended to curve.jsonl."""
        config, console = self.config, console or Console(stderr=True)
        until, saved, update = until or config.steps, time.monotonic(), 0
        while self.done_steps < until:
            began = time.monotonic()
            share = min(self.done_steps / config.steps, 1.0)
            for group in self.optimiser.param_groups:
                group["lr"] = config.learning_rate + share * (config.final_learning_rate - config.learning_rate)
            self.arena.severity = min(1.0, config.severity_start + (1.0 - config.severity_start) * self.done_steps / config.severity_steps)
            rates = self.collect()
            collected = time.monotonic()
            losses = self.learn()
            steps = int(self.rollout.present.sum())
            self.done_steps += steps
            worlds = self.arena.random.permutation(config.worlds)[: max(1, int(config.scatter_share * config.worlds))]
            self.arena.scatter(worlds)
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
