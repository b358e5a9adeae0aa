"""The exported model as a `Policy`: pictures are fused, words encoded, the graph run, knots integrated. No torch, no driving
rule. How long each stage took and what the model saw are there to be shown after every call."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.bundle import OUTPUTS, SIGHT
from caravela.core.errors import CaravelaError
from caravela.core.kinematics import integrate
from caravela.core.sampling import proposal_noise
from caravela.core.types import Observation, Plan, Rig
from caravela.core.vision_input import fuse_frames
from caravela.vehicle.bundle import open_bundle
from caravela.vehicle.sight import Thing, things
from caravela.words import SentenceEncoder, in_mirror


@dataclass(frozen=True)
class Insight:
    """What the model made of the scene, for display only."""

    light: NDArray[np.float32]  # (B, 4) probabilities of core.bundle.LIGHTS
    lead: NDArray[np.float32]  # (B, 2) distance m and speed m/s of the vehicle ahead; 80 m where it sees none
    stop_distance: NDArray[np.float32]  # (B,) m to the next stop line; 80 m where it sees none
    thought: NDArray[np.float32]  # (B, thoughts, E) the latent tokens
    mirrored: NDArray[np.bool_]  # (B,) whether they are of the scene in a mirror, where left is right
    bodies: NDArray[np.float32] | None = None  # (B, C, BODIES, rows, columns) who shows where in the pictures; None where not asked for
    depth: NDArray[np.float32] | None = None  # (B, C, rows, columns) m along the cameras' axes

    def around(self, rig: Rig, *, world: int = 0) -> list[Thing] | None:
        """Who is around, the nearest first, as the model sees it; None where it does not put that out. Some milliseconds, off the way to a plan."""
        return None if self.bodies is None or self.depth is None else things(self.bodies[world], self.depth[world], rig)


class OnnxPolicy:
    """Drives with an exported model."""

    def __init__(self, bundle_path: Path | str, *, threads: int = 1, seed: int = 0, tells: bool = False) -> None:
        """Open a bundle folder or .onnx file. `seed` draws the proposals' noise; `tells` has the insight hold who is around, where the model puts
        that out. Raises BundleError as `open_bundle`."""
        self.bundle = open_bundle(bundle_path, threads=threads)
        self._abroad = self.bundle.abroad  # opened now: at a border there is no time for it
        self.tells = tells and set(SIGHT) <= {output.name for output in self.bundle.session.get_outputs()}
        self.name = self.bundle.card.name
        self.timings: dict[str, float] = {}  # ms of the last call's stages: words, fuse, model, integrate, total
        self.insight: Insight | None = None
        self._noise = proposal_noise(proposals=self.bundle.card.proposals, seed=seed)
        self._encoder = SentenceEncoder()

    @property
    def rig(self) -> Rig:
        """The cameras that the model was trained with."""
        return self.bundle.card.rig

    def reset(self, batch: int) -> None:
        """Forget the past; the model keeps none but what an observation carries."""
        self.insight, self.timings = None, {}

    def plan(self, observation: Observation) -> Plan:
        """Plan from what is seen now. Raises CaravelaError where the pictures do not fit the model's rig."""
        self._check(observation)
        timings: dict[str, float] = {}
        with _stage(timings, "total"):
            with _stage(timings, "words"):
                words = self._encoder.encode(self._as_shown(observation))
            with _stage(timings, "fuse"):
                images = fuse_frames(observation.images)
            with _stage(timings, "model"):
                ego = observation.ego()[:, : self.bundle.card.ego_values]
                inputs: dict[str, NDArray] = {
                    "images": images,
                    "ego": ego,
                    "route": observation.route.astype(np.float32),
                    "has_route": observation.has_route.astype(np.float32),
                    "words": words,
                    "noise": self._noise,
                }
                knots, values, chosen, risk, light, lead, stop_distance, thought, *sight = self._run(inputs, observation.abroad)
            with _stage(timings, "integrate"):
                trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        self.timings = timings
        mirrored = ego[:, 2:].any(1) & (ego[:, -1] > 0.5)
        self.insight = Insight(light, lead, stop_distance, thought, mirrored, *sight)
        return Plan(
            trajectories=trajectories, speeds=speeds, knots=knots, values=values, chosen=chosen, risk=risk, paced=self.bundle.card.paced
        )

    def _run(self, inputs: dict[str, NDArray], abroad: NDArray[np.bool_] | None) -> list[NDArray]:
        """What the graph gives; with its other eyes, if it has any, for those who are abroad."""
        names = [*OUTPUTS, *(SIGHT if self.tells else ())]
        if abroad is None or not abroad.any() or self._abroad is None:
            return list(self.bundle.session.run(names, inputs))
        if abroad.all():
            return list(self._abroad.run(names, inputs))
        parts = []
        for session, mine in ((self.bundle.session, ~abroad), (self._abroad, abroad)):
            parts.append(session.run(names, {name: value if name == "noise" else value[mine] for name, value in inputs.items()}))
        order = np.argsort(np.r_[np.flatnonzero(~abroad), np.flatnonzero(abroad)])
        return [np.concatenate(pair)[order] for pair in zip(*parts, strict=True)]

    def _as_shown(self, observation: Observation) -> list[str]:
        """What was said, of the street as the model is shown it: it sees left-hand traffic in a mirror."""
        turned = (observation.ego()[:, -1] > 0.5) & (self.bundle.card.ego_values > 2)
        return [in_mirror(words) if there else words for words, there in zip(observation.words, turned, strict=True)]

    def _check(self, observation: Observation) -> None:
        got, rig = observation.images.shape[2:5], self.rig
        expected = (len(rig.cameras), rig.height, rig.width)
        if got != expected:
            raise CaravelaError(f"the model '{self.name}' got (cameras, rows, columns) {got}; expected {expected}: use its own rig.")


@contextmanager
def _stage(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = (time.perf_counter() - start) * 1e3
