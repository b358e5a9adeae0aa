"""Training checkpoints: one safetensors file with the weights, whatever tensors the trainer adds (optimiser), and a JSON header
with the resolved config, git revision, data version, normalisation and the trainer's progress. A file is written beside
the old one and renamed over it, so that whatever goes wrong, the last good one stays."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from caravela.core.errors import BundleError
from caravela.model import action_space
from caravela.model.config import VLAConfig
from caravela.model.vla import VLA

FORMAT = "caravela-checkpoint"
VERSION = 1
BEGUN_WITH = "begun_with"  # in a run's progress: digest of the weights of the driver that it began with, null for none
_MODEL = "model."
_EXTRA = "extra."


@dataclass(frozen=True)
class Checkpoint:
    """What a file held."""

    model: VLA
    extra: dict[str, Tensor]  # the trainer's own tensors
    progress: dict[str, Any]  # the trainer's own numbers
    data_version: str
    git_revision: str
    normalisation: dict[str, float] = field(default_factory=dict)


def normalisation() -> dict[str, float]:
    """The constants of the action space, stored so that a file trained with others is refused."""
    return {
        "acceleration_scale": action_space.ACCELERATION_SCALE,
        "lateral_scale": action_space.LATERAL_SCALE,
        "speed_softening": action_space.SPEED_SOFTENING,
    }


def git_revision(folder: Path | None = None) -> str:
    """The commit that `folder` (default: this package's) is at, or "unknown" outside a repository."""
    try:
        command = ["git", "rev-parse", "HEAD"]
        found = subprocess.run(command, cwd=folder or Path(__file__).parent, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return found.stdout.strip() if found.returncode == 0 else "unknown"


def save_checkpoint(
    path: Path,
    model: VLA,
    *,
    data_version: str,
    extra: dict[str, Tensor] | None = None,
    progress: dict[str, Any] | None = None,
    revision: str | None = None,
) -> None:
    """Write atomically. Raises BundleError where the disk is full or not writable; an older file at `path` stays whole."""
    path = Path(path)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "config": model.config.to_json(),
        "normalisation": normalisation(),
        "data_version": data_version,
        "git_revision": revision if revision is not None else git_revision(),
        "progress": progress or {},
    }
    tensors = {_MODEL + name: value.detach().contiguous() for name, value in model.state_dict().items()}
    tensors |= {_EXTRA + name: value.detach().contiguous() for name, value in (extra or {}).items()}
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial, metadata={"caravela": json.dumps(header)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise BundleError(f"cannot write checkpoint {path}: {error}; free some space or name another folder. The old one stays.") from error


def load_checkpoint(path: Path, *, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint, its model in evaluation mode. Raises BundleError where it is missing, damaged or of another version."""
    path = Path(path)
    if not path.is_file():
        raise BundleError(f"no checkpoint at {path}; expected a .safetensors file that training wrote.")
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            header = json.loads((file.metadata() or {}).get("caravela", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise BundleError(f"checkpoint {path} is damaged ({error}); restore it or train again.") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BundleError(f"{path} is a safetensors file but not a Caravela checkpoint; expected one that training wrote.")
    if header.get("version") != VERSION:
        raise BundleError(f"checkpoint {path} has version {header.get('version')}; this program reads version {VERSION}: train again.")
    if header.get("normalisation") != normalisation():
        scales = f"{header.get('normalisation')}; expected {normalisation()}"
        raise BundleError(f"checkpoint {path} was trained with other action scales, {scales}: train again.")
    try:
        model = VLA(VLAConfig.from_json(header["config"])).to(device)
        model.load_state_dict({name.removeprefix(_MODEL): value for name, value in tensors.items() if name.startswith(_MODEL)})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BundleError(f"checkpoint {path} does not fit its own config ({str(error).splitlines()[0]}); train again.") from error
    return Checkpoint(
        model=model.eval(),
        extra={name.removeprefix(_EXTRA): value for name, value in tensors.items() if name.startswith(_EXTRA)},
        progress=header["progress"],
        data_version=header["data_version"],
        git_revision=header["git_revision"],
        normalisation=header["normalisation"],
    )
