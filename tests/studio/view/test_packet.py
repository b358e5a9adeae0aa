"""What travels to the page: packets, and the map."""

import dataclasses
import io
import json
import math

import numpy as np
from fake_world import FakePolicy, fake_stage, ring_graph, stripes, view_camera
from PIL import Image

from caravela.studio.driving.drive import Drive
from caravela.studio.driving.stage import DriveSettings
from caravela.studio.view import packet
from caravela.studio.view.map_geometry import map_geometry, thin


def test_a_packet_is_read_as_it_was_written() -> None:
    head, blobs = packet.unpack(packet.pack({"type": "tick", "words": "grüß Gott"}, {"a": b"12", "b": b"", "c": b"345"}))
    assert head["words"] == "grüß Gott" and blobs == {"a": b"12", "b": b"", "c": b"345"}


def test_the_header_is_strict_json_whatever_the_model_says() -> None:
    settings = DriveSettings(town="ring")
    policy = FakePolicy()
    tick = Drive(fake_stage(settings), policy, settings).tick()
    tick.plan.values[0, 3], tick.plan.risk[0] = math.nan, math.inf
    head = packet.header(tick, cameras=("front",))
    assert head["values"][3] is None and head["risk"] is None
    json.dumps(head, allow_nan=False)


def test_insights_become_plain_numbers_of_the_first_world() -> None:
    value = {"a": np.array([[1, 2], [3, 4]]), "b": np.array([0.5]), "c": (np.float32(1.0), "x", None, True)}
    assert packet.plain(value) == {"a": [1.0, 2.0], "b": 0.5, "c": [1.0, "x", None, True]}


def test_lines_hold_every_second_step_of_every_proposal() -> None:
    settings = DriveSettings(town="ring")
    tick = Drive(fake_stage(settings), FakePolicy(), settings).tick()
    lines = np.frombuffer(packet.lines(tick), "<f4").reshape(16, 20, 2)
    assert np.array_equal(lines[:, -1], tick.plan.trajectories[0, :, -1, :2])


def test_pictures_survive_jpeg() -> None:
    image = stripes(96, 128, shift=0.3)
    again = np.array(Image.open(io.BytesIO(packet.jpeg(image, quality=packet.VIEW_QUALITY))))
    assert np.abs(again.astype(int) - image).mean() < 4.0


def test_the_map_is_complete_and_small() -> None:
    geometry = map_geometry(ring_graph())
    assert len(geometry["lanes"]) == 16 and len(geometry["buildings"]) == 1 and len(geometry["stop_lines"]) == 1
    assert len(geometry["trees"]) == 1 and len(geometry["crossings"]) == 1
    json.dumps(geometry, allow_nan=False)


def test_thinning_keeps_ends_and_shape() -> None:
    angle = np.linspace(0.0, math.pi, 400)
    line = np.stack([50 * np.cos(angle), 50 * np.sin(angle)], axis=-1).astype(np.float32)
    thinned = thin(line, tolerance=0.08)
    assert len(thinned) < 60
    assert np.array_equal(thinned[[0, -1]], line[[0, -1]])
    chords = np.hypot(*(0.5 * (thinned[1:] + thinned[:-1])).T)
    assert np.all(50 - chords < 0.09)
    straight = np.stack([np.linspace(0, 9, 10), np.zeros(10)], axis=-1).astype(np.float32)
    assert len(thin(straight, tolerance=0.08)) == 2


def test_what_an_untrained_critic_says_does_not_travel() -> None:
    settings = DriveSettings(town="ring")
    tick = dataclasses.replace(Drive(fake_stage(settings), FakePolicy(), settings).tick(), judged=False)
    head = packet.header(tick, cameras=("front",))
    assert head["values"] == [] and head["risk"] is None and head["proposals"] == 16
    assert packet.view_header(tick, view_camera())["values"] == []
