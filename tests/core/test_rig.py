"""A rig that cannot see is refused where it is made, wherever it comes from."""

import json

import pytest

from caravela.core.bundle import BundleCard
from caravela.core.errors import BundleError, RigError
from caravela.core.types import Camera, Rig, policy_rig


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 96), (128, 0), (-128, 96), (4, 4)])
def test_a_camera_without_pixels_is_refused(width: int, height: int) -> None:
    with pytest.raises(RigError, match=f"has {width}x{height} pixels; expected at least 8x8: give it a width and a height"):
        Camera("front", width=width, height=height)


@pytest.mark.parametrize("fov", [0.0, -1.0, 3.2, float("nan")])
def test_a_camera_without_a_field_of_view_is_refused(fov: float) -> None:
    with pytest.raises(RigError, match="expected 2 to 160"):
        Camera("front", fov=fov)


def test_a_rig_of_none_or_of_unequal_cameras_is_refused() -> None:
    with pytest.raises(RigError, match="no camera"):
        Rig(())
    with pytest.raises(RigError, match="one resolution"):
        Rig((Camera("front"), Camera("left", width=64, height=48)))


def test_a_model_whose_rig_has_no_pixels_is_refused() -> None:
    metadata = BundleCard("nano", {}, policy_rig()).to_metadata()
    cameras = json.loads(metadata["caravela.rig"])
    for camera in cameras:
        camera["width"] = camera["height"] = 0
    with pytest.raises(BundleError, match=r"model\.onnx holds damaged metadata .*0x0 pixels"):
        BundleCard.from_metadata(metadata | {"caravela.rig": json.dumps(cameras)}, source="model.onnx")
