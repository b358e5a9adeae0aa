"""`caravela train teacher`: self-play until the steps are done, on the CPU or on a GPU."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._map_sides import training_maps
from caravela.commands._numbers import at_least
from caravela.commands._writing import folder_for


@dataclass(frozen=True)
class TeacherOptions:
    """Train the teacher: proximal policy optimisation in self-play, on vectors of what the rig could see."""

    preset: tyro.conf.Positional[str] = "nano"
    """Size of the run: nano."""
    folder: Path | None = None
    """Where the run lives; runs/teacher/PRESET by default. A run that is there goes on."""
    steps: int | None = None
    """Agent-steps of 0.1 s to train until; the preset's by default."""
    device: str = "cpu"
    """cpu, or cuda: worlds, network and learning on an NVIDIA GPU, where no incidents are set. auto: a GPU where torch and Numba find one."""
    worlds: int | None = None
    """Worlds at once, the preset's by default; a GPU wants thousands. What is learned from at a time grows with them."""
    maps: Path = Path(".cache/maps")
    """Folder with the training maps (made there if it is not)."""
    towns: int = 340
    """Generated towns to train on, at least."""
    seed: int = 0
    """Of the run."""


def run_teacher(options: TeacherOptions) -> dict[str, Any]:
    """Train until the steps are done."""
    from dataclasses import replace

    from caravela.train.self_play import device_named
    from caravela.train.teacher import TeacherRun, teacher_preset
    from caravela.train.threads import use_threads
    from caravela.world import atlas

    config = replace(teacher_preset(options.preset), seed=options.seed)
    at_least(0, seed=options.seed)
    at_least(1, steps=options.steps, towns=options.towns, worlds=options.worlds)
    device = device_named(options.device)
    use_threads(1)
    if options.steps is not None:
        config = replace(config, steps=options.steps)
    if options.worlds is not None:
        config = replace(config, worlds=options.worlds, minibatch=max(config.minibatch * options.worlds // config.worlds, 1))
    if device.type == "cuda" and config.incident_every:
        print("caravela: self-play runs on the GPU, where no incidents are set; --device cpu trains with them.", file=sys.stderr)
        config = replace(config, incident_every=0.0)
    folder = folder_for(options.folder or Path("runs/teacher") / options.preset)
    run = TeacherRun(atlas.build(training_maps(options.maps, towns=options.towns)), folder, config, device=device)
    run.train()
    files = {"folder": str(folder), "checkpoint": str(folder / "last.pt"), "curve": str(folder / "curve.jsonl")}
    return {"steps": run.done_steps, "device": device.type} | files
