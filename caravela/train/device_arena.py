"""Self-play on a GPU: `world.arena.Arena` with its worlds on the device (`world.on_device`) and what it keeps of its learners as tensors there, so that
a step moves nothing to the CPU or back. The same rewards and endings. Left out are incidents: a director plays them on the CPU, world by world."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from caravela.core.units import STEP_S
from caravela.train.self_play import Look, Outcome
from caravela.world import state as state_module
from caravela.world.arena import (
    BASE_WEIGHTS,
    BLOCKED_COST,
    BLOCKED_S,
    FAILURES,
    HALT,
    HALT_EVERY,
    HALT_TICKS,
    HARM_SPEED,
    IDLE_COST,
    IDLE_S,
    SLOW_HARM,
    STANDING,
    STUCK_S,
    STYLE_SPREAD,
    WRONG_WAY_TICKS,
    draw_places,
    map_chances,
)
from caravela.world.atlas import Atlas
from caravela.world.kernels import events
from caravela.world.kernels.dynamics import FULL_LOCK
from caravela.world.kernels.learned import NEUTRAL_SHARE
from caravela.world.kernels.tick import COLLISION, OFF_WAY, PROGRESS
from caravela.world.kernels.vectors import OBJECT, OBJECTS, RED, ROW, STYLE
from caravela.world.on_device import DeviceWorlds, Gpu
from caravela.world.state import ABSENT


class DeviceArena:
    """`batch` worlds with `learners` learning vehicles each, other traffic, parked cars and walkers."""

    def __init__(
        self,
        atlas: Atlas,
        *,
        batch: int,
        learners: int,
        cars: int,
        parked: int,
        walkers: int,
        real_share: float | None = None,
        seed: int = 0,
        device: torch.device | None = None,
        gpu: Gpu | None = None,
    ) -> None:
        """On `device`, where the network is, and `gpu`, where the worlds are: the same one. Raises CaravelaError where there is none."""
        self.batch, self.learners, self.severity = batch, learners, 1.0
        self.device = device or torch.device("cuda")
        self.random = np.random.default_rng(seed)  # of maps and weathers; the learners' is on the device
        self._generator = torch.Generator(self.device).manual_seed(seed)
        self._others, self._map_chances = (cars, parked, walkers), map_chances(atlas, real_share)
        agents = learners + cars + parked + walkers
        state = state_module.empty(batch, agents=agents, links=atlas.links, signals=atlas.signals, seed=seed)
        self.worlds = DeviceWorlds(atlas, state, watched=learners, gpu=gpu)
        self._weights, self._spread, self._lock = (self._send(array) for array in (BASE_WEIGHTS, STYLE_SPREAD, FULL_LOCK))
        self._open()
        self.scatter(np.arange(batch))

    def _send(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def _share(self, array: Any) -> Tensor:
        """The worlds' own memory, as a tensor."""
        shared = torch.as_tensor(array, device=self.device)
        interface = getattr(array, "__cuda_array_interface__", None)
        assert interface is None or shared.data_ptr() == interface["data"][0], "torch has copied what it should share"
        return shared

    def _open(self) -> None:
        """Tensors over what the worlds read and write, and those that are kept of each learner (B, L)."""
        buffers, mine = self.worlds.buffers, slice(0, self.learners)
        self._action, self._done = self._share(buffers.action)[:, mine], self._share(buffers.done)[:, mine]
        self._flags, self._parts = self._share(buffers.flags)[:, mine], self._share(buffers.parts)[:, mine]
        self._closing, self._mask = self._share(buffers.closing), self._share(buffers.mask)
        self._rows, self._objects = self._share(buffers.rows), self._share(buffers.objects)
        names = ("speed", "timer", "curvature", "kind", "controller")
        self._agents = {name: self._share(self.worlds.gpu.field(self.worlds.state.agents, name))[:, mine] for name in names}
        each = (self.batch, self.learners)
        self.style = torch.zeros((*each, STYLE), device=self.device)
        self._progress_style = torch.zeros(each, device=self.device)  # what the style asked before
        self._halted, self._astray, self._blocked = (torch.zeros(each, dtype=torch.int32, device=self.device) for _ in range(3))

    def scatter(self, worlds: np.ndarray) -> None:
        """Move some worlds to other maps and weathers and fill them anew."""
        places = draw_places(self.random, self._map_chances, count=len(worlds), others=self._others)
        self.worlds.populate(worlds.astype(np.int32), maps=places.maps, weathers=places.weathers, counts=places.others)
        chosen = self._send(worlds.astype(np.int64))
        self.style[chosen] = self._styles(len(worlds) * self.learners).view(len(worlds), self.learners, STYLE)
        self._halted[chosen] = 0
        self._blocked[chosen] = 0

    def scatter_some(self, count: int) -> None:
        """`scatter` for `count` worlds, chosen at random."""
        self.scatter(self.random.permutation(self.batch)[:count])

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self._generator, device=self.device)

    def _styles(self, count: int) -> Tensor:
        """(count, STYLE) exponents, a share of them neutral."""
        return torch.where(self._uniform(count, 1) < NEUTRAL_SHARE, 0.0, 2.0 * self._uniform(count, STYLE) - 1.0)

    def weights(self) -> Tensor:
        """(B, L, REWARD_PARTS) reward weights, as `world.arena.weights_of`."""
        scaled = self._weights * self.severity
        scaled[PROGRESS] = self._weights[PROGRESS]
        weights = scaled * self._spread**self.style
        weights[..., PROGRESS] = torch.where(self.style[..., PROGRESS] <= HALT, -self._weights[PROGRESS], weights[..., PROGRESS])
        return weights

    def _harm(self) -> Tensor:
        """(B, L) share of its cost that a collision has, by its own speed, or the closing speed where it is at fault."""
        speed = torch.maximum(self._agents["speed"], self._closing)
        return (SLOW_HARM + (1.0 - SLOW_HARM) * speed / HARM_SPEED).clamp(0.0, 1.0)

    def _cost_of_standing(self) -> Tensor:
        """(B, L) of one step, by how long each has stood at a red light, or for none."""
        stands = self._agents["speed"] < STANDING
        red = self._rows[..., RED] > 0.0
        self._blocked = torch.where(stands & ~red & (self.style[..., PROGRESS] > HALT), self._blocked + 1, 0)
        idle = torch.where(stands & (self._agents["timer"] > IDLE_S), IDLE_COST, 0.0)
        return self.severity * torch.where(self._blocked * STEP_S > BLOCKED_S, BLOCKED_COST, idle)

    def _ask_to_stop(self) -> None:
        """Now and then an agent is asked to stop, and some seconds later to go on."""
        go_on, each = self._halted == 1, (self.batch, self.learners)
        asks = torch.where(go_on, self._progress_style, self.style[..., PROGRESS])
        self._halted = (self._halted - 1).clamp(min=0)
        asked = (self._halted == 0) & ~go_on & (self._uniform(*each) < 1.0 / HALT_EVERY)
        self._progress_style = torch.where(asked, asks, self._progress_style)
        ticks = torch.randint(*HALT_TICKS, each, generator=self._generator, device=self.device, dtype=torch.int32)
        self._halted = torch.where(asked, ticks, self._halted)
        self.style[..., PROGRESS] = torch.where(asked, HALT, asks)

    def look(self) -> Look:
        """What every learner sees now; the next look is written over it."""
        self.worlds.observe()
        self._rows[..., -STYLE:] = self.style
        count = self.batch * self.learners
        return Look(
            rows=self._rows.view(count, ROW),
            objects=self._objects.view(count, OBJECTS, OBJECT),
            mask=self._mask.view(count, OBJECTS),
            present=(self._agents["controller"] != ABSENT).reshape(count),
            curvature=self._agents["curvature"].reshape(count),
            lock=self._lock[self._agents["kind"].reshape(count).long()],
        )

    def step(self, action: Tensor) -> Outcome:
        """Advance by 0.1 s. action (N, 2) m/s^2 and 1/m. Who failed or was cut short begins anew elsewhere."""
        self._action.copy_(action.view(self.batch, self.learners, 2))
        present = self._agents["controller"] != ABSENT
        self.worlds.step()
        self.worlds.measure_closing()
        self._parts[..., COLLISION] *= self._harm()
        reward = torch.where(present, (self._parts * self.weights()).sum(-1), 0.0)
        flags = torch.where(present, self._flags, 0)
        self._astray = torch.where((flags & events.WRONG_WAY) > 0, self._astray + 1, 0)
        lost = self._astray > WRONG_WAY_TICKS
        reward -= torch.where(present & (self.style[..., PROGRESS] > HALT), self._cost_of_standing(), 0.0)
        reward += torch.where(lost, self._weights[OFF_WAY] * self.severity, 0.0)
        self._astray = torch.where(lost, 0, self._astray)
        failed = ((flags & FAILURES) > 0) | lost
        cut = ((flags & events.ARRIVED) > 0) | (self._agents["timer"] > STUCK_S)
        self._begin_anew(failed | cut)
        self._ask_to_stop()
        return Outcome(reward.reshape(-1), failed.reshape(-1), cut.reshape(-1), flags.reshape(-1))

    def _begin_anew(self, done: Tensor) -> None:
        """Put learners (B, L) elsewhere, each with a style of its own."""
        self._done.copy_(done)
        self.worlds.replace()
        styles = self._styles(self.batch * self.learners).view_as(self.style)
        self.style = torch.where(done[..., None], styles, self.style)
        self._halted, self._blocked = (torch.where(done, 0, kept) for kept in (self._halted, self._blocked))
