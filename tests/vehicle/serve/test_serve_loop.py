"""End to end against the CARLA-free loop of `carla-driver-interface`, which draws a straight road, follows the plan exactly and speaks the
contract over real gRPC; and `caravela vehicle serve` as it is typed."""

import json
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("carla_driver_interface.protocol", reason="serving needs the extra 'serve'")
from carla_driver_interface.testing import FakeCamera, FakeLoop, render_road

from caravela import cli
from caravela.core.types import policy_rig
from caravela.vehicle.bundle import shipped
from caravela.vehicle.policy import OnnxPolicy
from caravela.vehicle.serve.server import Server
from caravela.vehicle.serve.service import Egodriver

OURS = [
    FakeCamera(
        camera.name, 256, 192, np.degrees(camera.fov), *camera.position, pitch_down_deg=-np.degrees(camera.pitch), yaw_left_deg=np.degrees(camera.yaw)
    )
    for camera in policy_rig().cameras
]  # fmt: skip


def test_the_views_are_those_that_our_own_rig_would_see(world) -> None:
    with FakeLoop(world.address, OURS, initial_speed_mps=5.0, initial_lateral_offset_m=0.5, image_format="png") as loop:
        loop.run(1)
    (shown,) = world.policy.shown
    for number, camera in enumerate(OURS):
        large = render_road(camera, _start_pose()).astype(float)
        expected = large.reshape(96, 2, 128, 2, 3).mean(axis=(1, 3))
        assert np.abs(shown.images[0, 0, number] - expected).mean() < 2.0, camera.logical_id


def _start_pose():
    from carla_driver_interface.geometry import Pose

    return Pose.from_xyz_yaw(0.0, 0.5, 0.0, 0.0)


@pytest.mark.parametrize("heading", [0.0, 0.6, -2.5])
def test_a_straight_plan_goes_straight_whatever_way_the_world_lies(world, heading: float) -> None:
    with FakeLoop(world.address, OURS, initial_speed_mps=10.0, initial_heading_rad=heading) as loop:
        result = loop.run(10)
    along = np.array([np.cos(heading), np.sin(heading)])
    moved = result.ego.positions[-1, :2] - result.ego.positions[0, :2]
    assert result.steps == 10
    np.testing.assert_allclose(moved, 9.0 * along, atol=1e-3)
    assert world.policy.shown[-1].speed[0] == pytest.approx(10.0, rel=1e-3)
    assert result.debug[-1].policy_name == "straight" and dict(result.debug[-1].scalars)["risk"] == pytest.approx(0.25)


def test_the_route_arrives_in_our_rig_frame(world) -> None:
    with FakeLoop(world.address, OURS, initial_lateral_offset_m=2.0, initial_speed_mps=5.0) as loop:
        loop.run(1)
    np.testing.assert_allclose(world.policy.shown[0].route[0], [[10.0 * n, -2.0] for n in range(1, 9)], atol=1e-3)


def test_the_shipped_driver_drives_two_cars_at_once() -> None:
    policy = OnnxPolicy(shipped())
    egodriver = Egodriver(lambda: policy, policy.rig, version="test")
    results: dict = {}

    def drive(address: str, speed: float) -> None:
        with FakeLoop(address, OURS, initial_speed_mps=speed) as loop:
            results[speed] = loop.run(25)

    with Server(egodriver) as server:
        threads = [threading.Thread(target=drive, args=(server.address, speed)) for speed in (4.0, 8.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for speed, result in results.items():
        assert result.steps == 25 and not result.terminated_by_policy
        assert result.ego.positions[-1, 0] > 2.4 * 0.5 * speed  # it goes on along the road
        assert np.abs(result.lateral_offsets_m).max() < 3.0
        assert {debug.policy_name for debug in result.debug} == {policy.name}
    assert egodriver.planned == 50 and egodriver.refused == 0


def test_a_single_camera_of_another_car_drives_too(world) -> None:
    with FakeLoop(world.address, [FakeCamera()], initial_speed_mps=5.0) as loop:
        assert loop.run(5).steps == 5
    assert "front 12%" in world.told[0] and "left 0%" in world.told[0]


def test_the_command_serves_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "caravela", "vehicle", "serve", "--port", "0", "--say", "gently", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None and server.stdout is not None
        said = next(line for line in server.stderr if " answers at " in line)  # after the side of the road that it assumes
        address = said.split(" answers at ")[1].split()[0]
        with FakeLoop(address, [FakeCamera()], initial_speed_mps=5.0) as loop:
            result = loop.run(3)
        server.send_signal(signal.SIGINT)
        out, _ = server.communicate(timeout=60)
    assert result.steps == 3 and server.returncode == 0
    told = json.loads(out.splitlines()[-1])
    assert (told["sessions"], told["plans"], told["refused"]) == (1, 3, 0) and told["drive_ms"]["p50"] > 0.0


def refused(capsys: pytest.CaptureFixture, *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        cli.main(["vehicle", "serve", *words])
    assert stop.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_a_port_that_is_taken_and_one_that_is_none_are_refused(capsys: pytest.CaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot listen" in refused(capsys, "--port", str(taken.getsockname()[1]))
    assert "expected a port" in refused(capsys, "--port", "99999")
    assert "cannot listen" in refused(capsys, "--port", "0", "--host", "no.such.host.invalid")


def test_a_second_server_does_not_share_the_port(world, capsys: pytest.CaptureFixture) -> None:
    assert "cannot listen" in refused(capsys, "--port", world.address.rsplit(":", 1)[1])


@pytest.mark.parametrize("package", ["grpc", "carla_driver_interface"])
def test_without_the_extra_it_says_what_to_install(package: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert ".venv/bin/pip install --editable '.[serve]'" in refused(capsys)
