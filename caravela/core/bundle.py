"""What an exported model says about itself: the text stored in the ONNX file's metadata, written by the exporter and read by
the car, and the fingerprint beside the file. It leaves out the graph: its inputs and outputs are listed here for both."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caravela.core.errors import BundleError, RigError
from caravela.core.types import KNOTS, PROPOSALS, Camera, Rig

FORMAT = "caravela-vla"
VERSION = 1  # raised whenever the inputs, the outputs or their meaning change
MODEL_FILE = "model.onnx"  # inside a bundle folder
FINGERPRINT = ".sha256"  # behind the model file's name: what `sha256sum` prints of it, and reads with --check

# B drives, C cameras, K proposals, H W image size
INPUTS = ("images", "ego", "route", "has_route", "words", "noise")
OUTPUTS = ("knots", "values", "chosen", "risk", "light", "lead", "stop_distance", "thought")
ABROAD = "caravela.abroad"  # of the metadata: a `core.patch.Patch`, what is other in the model that drives abroad; not in every file
SIGHT = ("bodies", "depth")  # outputs beside these, of who shows where in the pictures: a driver of before has none
LIGHTS = ("none", "red", "yellow", "green")  # classes of `light`
BODIES = ("none", "vehicle", "two_wheeler", "person")  # classes of `bodies`
_PREFIX = "caravela."


@dataclass(frozen=True)
class BundleCard:
    """The metadata of one exported model."""

    name: str
    config: dict[str, Any]  # the model's sizes, as it was built
    rig: Rig
    proposals: int = PROPOSALS
    steps: int = 5  # Euler steps in the graph
    data_version: str = "unknown"
    git_revision: str = "unknown"
    licence: str = "Apache-2.0"
    version: int = VERSION

    @property
    def ego_values(self) -> int:
        """How many numbers of `Observation.ego` the graph takes: a driver of before took no side."""
        return 3 if self.config.get("mirrors_left", False) else 2

    @property
    def paced(self) -> int:
        """How many proposals, the last, are the first one at another pace."""
        return len(self.config.get("paces", ()))

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        return self.proposals, KNOTS, 2

    def to_metadata(self) -> dict[str, str]:
        """Flat text for ONNX metadata_props."""
        values = asdict(self) | {"format": FORMAT, "rig": [asdict(camera) for camera in self.rig.cameras]}
        return {_PREFIX + key: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for key, value in values.items()}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str], *, source: str) -> "BundleCard":
        """Inverse of `to_metadata`. Raises BundleError, naming `source`, where it is no model of ours or of another version."""
        if metadata.get(_PREFIX + "format") != FORMAT:
            raise BundleError(f"{source} is an ONNX file but not a Caravela driving model; expected one that `caravela train vla` made.")
        version = metadata.get(_PREFIX + "version", "none")
        if version != str(VERSION):
            raise BundleError(
                f"{source} is a driving model of version {version!r:.40}; this program runs version {VERSION}: export it again."
            )
        try:
            cameras = json.loads(metadata[_PREFIX + "rig"])
            card = BundleCard(
                name=metadata[_PREFIX + "name"],
                config=json.loads(metadata[_PREFIX + "config"]),
                rig=Rig(tuple(Camera(**{**camera, "position": tuple(camera["position"])}) for camera in cameras)),
                proposals=int(metadata[_PREFIX + "proposals"]),
                steps=int(metadata[_PREFIX + "steps"]),
                data_version=metadata[_PREFIX + "data_version"],
                git_revision=metadata[_PREFIX + "git_revision"],
                licence=metadata[_PREFIX + "licence"],
            )
            card._check()
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, RigError) as error:
            raise BundleError(f"{source} holds damaged metadata ({type(error).__name__}: {error}"[:400] + "); export it again.") from error
        return card

    def _check(self) -> None:
        """Raises ValueError where what was read is of another kind than what is written."""
        if not isinstance(self.config, dict) or not isinstance(self.config.get("paces", []), list):
            raise ValueError("the config is no object of settings")
        if self.proposals < 1 or self.steps < 1:
            raise ValueError(f"{self.proposals} proposals in {self.steps} steps")
        for camera in self.rig.cameras:
            numbers = (camera.fov, camera.yaw, camera.pitch, *camera.position)
            if not all(type(value) in (int, float) and math.isfinite(value) for value in numbers) or len(camera.position) != 3:
                raise ValueError("a camera's place or field of view is no number")
            if not isinstance(camera.name, str) or any(type(size) is not int for size in (camera.width, camera.height)):
                raise ValueError("a camera's name or size is of another kind")


def fingerprint_of(path: Path) -> Path:
    """The file that holds the fingerprint of the model at `path`."""
    return path.with_name(path.name + FINGERPRINT)


def put_model(path: Path, content: bytes) -> None:
    """Write a model file and its fingerprint, each whole or not at all, making its folder. Whatever interrupts it, no model lies beside the
    fingerprint of another. Raises BundleError where it cannot be written."""
    beside, partial = fingerprint_of(path), path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for file, data in ((path, content), (beside, f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode())):
            partial.write_bytes(data)
            beside.unlink(missing_ok=True)
            os.replace(partial, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BundleError(f"cannot write model {path}: {error}; free some space or name another folder.") from error


def check_fingerprint(path: Path) -> None:
    """Raises BundleError where the model at `path` is not the one whose fingerprint lies beside it. Without one there is nothing to compare."""
    beside = fingerprint_of(path)
    if not beside.is_file() or not path.is_file():
        return
    try:
        words, found = beside.read_text(errors="replace").split(), hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BundleError(f"cannot read '{error.filename}' ({error.strerror}); give a model that you may read.") from error
    if not words or found != words[0].lower():
        raise BundleError(f"{path} is not the model that {beside.name} beside it was written for; restore the file or export it again.")
