"""A tick, or its picture, as it travels to the page: one binary message. Four bytes (little-endian) say how long the JSON
header is, the header names the blobs that follow it: pictures as JPEG, trajectories as float32."""

import dataclasses
import io
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caravela.core.types import Camera
from caravela.studio.driving.drive import Tick
from caravela.studio.driving.gauges import signals_of

VIEW_QUALITY = 82  # JPEG
POLICY_QUALITY = 88
LINE_STEPS = 2  # every second step of a trajectory is drawn


def jpeg(image: NDArray[np.uint8], *, quality: int) -> bytes:
    """An (H, W, 3) image as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def policy_strip(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The newest images (1, T, C, H, W, 3) of an observation side by side, (H, C * W, 3)."""
    return np.concatenate(list(images[0, 0]), axis=1)


def header(tick: Tick, *, cameras: tuple[str, ...]) -> dict[str, Any]:
    """What the page needs to know of a tick, but for its pictures and lines. `cameras` names the policy's images."""
    street, plan = tick.street, tick.plan
    return {
        "type": "tick",
        "tick": tick.number,
        "t_s": round(tick.t_s, 1),
        "responsible": {"name": tick.commands.responsible.name, "role": str(tick.commands.responsible.role)},
        "mode": str(tick.commands.mode),
        "phase": tick.phase,
        "author": str(tick.commands.author),
        "alert": str(tick.commands.alert),
        "hazards": tick.commands.hazards,
        "domain": str(tick.car.domain),
        "signals": signals_of(tick),
        "ego": {
            "pose": [round(street.x, 2), round(street.y, 2), round(street.heading, 4)],
            "body": [round(street.length, 2), round(street.width, 2), round(street.centre_offset, 2)],
            "speed": round(street.speed, 2),
            "acceleration": round(street.acceleration, 2),
            "curvature": round(street.curvature, 4),
            "limit": None if street.limit is None else round(street.limit, 2),
            "set_speed": None if tick.set_speed is None else round(tick.set_speed, 2),
        },
        "others": [[round(value, 2) for value in row] for row in street.others.astype(float).tolist()],
        "lamps": street.lamps.tolist(),
        "route_lanes": list(street.route),
        "route": np.round(tick.observation.route[0].astype(float), 1).tolist() if bool(tick.observation.has_route[0]) else [],
        "chosen": int(plan.chosen[0]),
        "proposals": plan.values.shape[1],
        "judged": tick.judged,
        "values": values(tick),
        "risk": finite(plan.risk[0]) if tick.judged else None,
        "words": tick.observation.words[0],
        "heard": dataclasses.asdict(tick.heard),
        "insight": {name: plain(value) for name, value in tick.insight.items()},
        "cameras": list(cameras),
    }


def view_header(tick: Tick, camera: Camera) -> dict[str, Any]:
    """What it takes to draw a tick's plan into the picture that `camera` took."""
    return {
        "type": "view",
        "tick": tick.number,
        "camera": intrinsics(camera),
        "chosen": int(tick.plan.chosen[0]),
        "proposals": tick.plan.values.shape[1],
        "values": values(tick),
        "acceleration": finite(tick.control.acceleration[0]),
    }


def values(tick: Tick) -> list[float | None]:
    """What the critic thinks of each proposal; nothing where there is none that has been trained."""
    return [finite(value) for value in tick.plan.values[0]] if tick.judged else []


def lines(tick: Tick) -> bytes:
    """The K trajectories of the plan, (K, N // LINE_STEPS, 2) float32: x, y in the rig frame."""
    return np.ascontiguousarray(tick.plan.trajectories[0, :, LINE_STEPS - 1 :: LINE_STEPS, :2], dtype="<f4").tobytes()


def pack(head: dict[str, Any], blobs: dict[str, bytes]) -> bytes:
    """One message. The header gets `blobs`: name and length of each, in their order."""
    text = json.dumps(
        head | {"blobs": [[name, len(blob)] for name, blob in blobs.items()]}, separators=(",", ":"), allow_nan=False
    ).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *blobs.values()])


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What `pack` was given; the page has the same in JavaScript."""
    begin = 4 + int.from_bytes(message[:4], "little")
    head = json.loads(message[4:begin])
    blobs = {}
    for name, length in head["blobs"]:
        blobs[name] = message[begin : begin + length]
        begin += length
    return head, blobs


def intrinsics(camera: Camera) -> dict[str, Any]:
    """What it takes to draw points of the rig frame into the camera's picture."""
    return {
        "width": camera.width,
        "height": camera.height,
        "focal": camera.focal,
        "position": list(camera.position),
        "yaw": camera.yaw,
        "pitch": camera.pitch,
    }


def finite(value: Any) -> float | None:
    """A number to four digits, None for what is not finite: JSON has no NaN."""
    number = float(value)
    return round(number, 4) if math.isfinite(number) else None


def plain(value: Any) -> Any:
    """World 0 of an insight as JSON can hold it."""
    if isinstance(value, np.ndarray):
        value = value[0] if value.ndim else value
        return [plain(item) for item in value] if getattr(value, "ndim", 0) else plain(value.item())
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | bool | None):
        return value
    return finite(value)
