"""Small footage made for the tests, and where the real one is."""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

DATA = Path(os.environ.get("CARAVELA_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
HEAD = "frame,timestamp_s,lon_deg,lat_deg,yaw_rad,velocity_mps,acceleration_mps2,wheel_angle_stream"


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Makes a video whose pictures grow brighter evenly."""

    def make(*, pictures: int, rate: float, name: str = "clip.mp4", size: tuple[int, int] = (96, 64)) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as film:
            stream = film.add_stream("h264", rate=Fraction(rate).limit_denominator(1001), options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for number in range(pictures):
                grey = np.full((size[1], size[0], 3), 20 + 200 * number // pictures, np.uint8)
                film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            film.mux(stream.encode())
        return path

    return make


@pytest.fixture
def drive(tmp_path: Path) -> Callable[..., Path]:
    """Makes a KITTI drive at 49 degrees north: by default northwards at a steady speed, or through the given poses of its GPS/IMU,
    (rows, 3) metres east, metres north, yaw."""

    def make(*, rows: int = 12, speed: float = 8.0, poses: np.ndarray | None = None) -> Path:
        folder = tmp_path / "drive"
        (folder / "image_02").mkdir(parents=True)
        lines = [HEAD]
        if poses is None:
            poses = np.array([[0.0, speed * 0.1 * number, np.pi / 2] for number in range(rows)])
        for number, (east, north, yaw) in enumerate(poses):
            longitude, latitude = 8.4 + east / 73_172.0, 49.0 + north / 111_208.0  # m per degree there
            lines.append(f"{number},{1000.0 + 0.1 * number},{longitude:.12f},{latitude:.12f},{yaw},{speed},0.0,-9.0")
            Image.fromarray(np.full((38, 124, 3), number, np.uint8)).save(folder / "image_02" / f"{number:04d}.png")
        (folder / "ego.csv").write_text("\n".join(lines) + "\n")
        return folder

    return make


@pytest.fixture
def kitti() -> Path:
    """The folder of the real drive."""
    folder = DATA / "kitti_raw_0001"
    if not folder.is_dir():
        pytest.skip("needs the shared KITTI drive (CARAVELA_DATA or ../shared/data)")
    return folder
