"""The contract call by call over real gRPC: what a good client gets, and what a bad one is told, while the server lives on."""

import io
import math
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image

from caravela.core.types import PLAN_STEPS

protocol = pytest.importorskip("carla_driver_interface.protocol", reason="serving needs the extra 'serve'")
NAN = float("nan")
OPTICAL_AHEAD = (0.5, -0.5, 0.5, -0.5)  # quaternion w, x, y, z: the optical axis along the rig's x


def jpeg(width: int = 320, height: int = 240, *, level: int = 90, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (level,) * 3).save(file, format=kind)
    return file.getvalue()


def bomb(side: int) -> bytes:
    """A PNG file of a few bytes that says it is huge."""
    data = bytearray(jpeg(16, 16, kind="PNG"))
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def pose(x: float = 0.0, y: float = 0.0, z: float = 0.0, *, quaternion: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)):
    w, a, b, c = quaternion
    return protocol.Pose(vec=protocol.Vec3(x=x, y=y, z=z), quat=protocol.Quat(w=w, x=a, y=b, z=c))


def camera(name: str = "front", *, width: int = 320, height: int = 240, focal: float = 130.0, where=None, **spec):
    lens = protocol.OpenCVPinholeCameraParam(
        principal_point_x=width / 2, principal_point_y=height / 2, focal_length_x=focal, focal_length_y=focal
    )
    intrinsics = protocol.CameraSpec(resolution_w=width, resolution_h=height, **({"opencv_pinhole_param": lens} | spec))
    return protocol.AvailableCamera(
        logical_id=name, intrinsics=intrinsics, rig_to_camera=where or pose(2.0, 0.0, 1.5, quaternion=OPTICAL_AHEAD)
    )


def start(world, name: str = "a", *cameras, metadata=None) -> None:
    request = protocol.DriveSessionRequest(session_uuid=name)
    request.rollout_spec.vehicle.available_cameras.extend(cameras or [camera()])
    world.stub.start_session(request, metadata=metadata)


def see(world, name: str = "a", t_us: int = 0, *, which: str = "front", data: bytes | None = None, start_us: int | None = None) -> None:
    image = protocol.RolloutCameraImage(session_uuid=name)
    image.camera_image.logical_id, image.camera_image.image_bytes = which, jpeg() if data is None else data
    image.camera_image.frame_start_us, image.camera_image.frame_end_us = t_us if start_us is None else start_us, t_us
    world.stub.submit_image_observation(image)


def move(world, name: str = "a", t_us: int = 0, at=None, *, speed: float | None = 10.0) -> None:
    report = protocol.RolloutEgoTrajectory(session_uuid=name)
    report.trajectory.poses.add(timestamp_us=t_us, pose=at or pose())
    if speed is not None:
        report.dynamic_states.add(linear_velocity=protocol.Vec3(x=speed))
    world.stub.submit_egomotion_observation(report)


def lead(world, name: str, t_us: int, points) -> None:
    route = protocol.Route(timestamp_us=t_us, waypoints=[protocol.Vec3(x=x, y=y, z=z) for x, y, z in points])
    world.stub.submit_route(protocol.RouteRequest(session_uuid=name, route=route))


def drive(world, name: str = "a", t_us: int = 0, query_us: int = 0):
    return world.stub.drive(protocol.DriveRequest(session_uuid=name, time_now_us=t_us, time_query_us=query_us))


def close(world, name: str = "a") -> None:
    world.stub.close_session(protocol.DriveSessionCloseRequest(session_uuid=name))


def still_serves(world) -> bool:
    """Whether a new session drives."""
    start(world, "after")
    see(world, "after")
    move(world, "after")
    ok = len(drive(world, "after").trajectory.poses) == PLAN_STEPS + 1
    close(world, "after")
    return ok


def test_a_plan_comes_back_in_the_frame_and_at_the_times_of_the_world(world) -> None:
    start(world)
    half = math.pi / 4  # the car looks along the world's +y, on a slope of its own making: nose up by 0.1 rad
    quaternion = (
        math.cos(half) * math.cos(-0.05),
        -math.sin(half) * math.sin(-0.05),
        math.cos(half) * math.sin(-0.05),
        math.sin(half) * math.cos(-0.05),
    )
    now = 5_000_000
    see(world, t_us=now)
    move(world, t_us=now, at=pose(100.0, 50.0, 3.0, quaternion=quaternion))
    answer = drive(world, t_us=now, query_us=now + 250_000)
    times = [at.timestamp_us for at in answer.trajectory.poses]
    assert times == sorted({now + 100_000 * step for step in range(PLAN_STEPS + 1)} | {now + 250_000})
    first, asked = answer.trajectory.poses[0].pose, answer.trajectory.poses[3].pose
    assert (first.vec.x, first.vec.y, first.vec.z) == pytest.approx((100.0, 50.0, 3.0))
    assert (first.quat.w, first.quat.x, first.quat.y, first.quat.z) == pytest.approx(quaternion, abs=1e-6)
    assert (asked.vec.x, asked.vec.y, asked.vec.z) == pytest.approx(
        (100.0, 50.0 + 2.5 * math.cos(0.1), 3.0 + 2.5 * math.sin(0.1)), abs=1e-4
    )
    assert [len(of.poses) for of in answer.debug_info.sampled_trajectories] == [PLAN_STEPS, PLAN_STEPS]
    assert answer.debug_info.unstructured_debug_info == b""  # AlpaSim itself gets no message that it cannot read


def test_the_policy_is_shown_what_the_world_sent(world) -> None:
    start(world)
    lead(world, "a", 0, [(0.0, 2.0, 0.0), (30.0, 2.0, 0.0)])
    for tick in range(8):
        see(world, t_us=tick * 100_000, data=jpeg(level=20 * (tick + 1)))
        move(world, t_us=tick * 100_000, at=pose(tick * 1.0))
    drive(world, t_us=700_000)
    (shown,) = world.policy.shown
    assert float(shown.speed[0]) == 10.0 and float(shown.yaw_rate[0]) == 0.0
    assert [int(shown.images[0, age, 0, 60, 64, 0]) for age in range(3)] == pytest.approx([160, 120, 40], abs=2)
    assert shown.has_route[0]
    np.testing.assert_allclose(shown.route[0, :3], [[10, 2], [20, 2], [23, 2]], atol=1e-3)  # told at t = 0, shown from 7 m further on


@pytest.mark.parametrize("t_us", [0, 1_000_000])
def test_a_route_that_was_told_once_stays_where_it_was(world, t_us: int) -> None:
    start(world)
    move(world, t_us=1_000_000, at=pose(5.0, quaternion=(math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))))  # it looks along the world's +y
    lead(world, "a", t_us, [(0.0, 0.0, 0.0), (800.0, 0.0, 0.0)])
    for tick in range(1, 400):
        move(world, t_us=1_000_000 + 100_000 * tick, at=pose(5.0, 1.0 * tick))  # and turned right, told of more poses than are remembered
    see(world, t_us=40_900_000)
    drive(world, t_us=40_900_000)
    np.testing.assert_allclose(world.policy.shown[0].route[0, :3], [[0, 10], [0, 20], [0, 30]], atol=1e-2)


def test_before_enough_has_come_the_answer_is_to_hold(world) -> None:
    start(world)
    assert not drive(world).trajectory.poses
    move(world)
    assert not drive(world).trajectory.poses
    see(world)
    assert drive(world).trajectory.poses and len(world.policy.shown) == 1


def test_a_picture_of_the_future_is_not_shown(world) -> None:
    start(world)
    see(world, t_us=1_000_000)
    move(world)
    assert not drive(world).trajectory.poses and not world.policy.shown


def test_the_yaw_rate_is_the_turn_about_the_upward_axis(world) -> None:
    start(world)
    see(world)
    report = protocol.RolloutEgoTrajectory(session_uuid="a", trajectory={"poses": [{"pose": pose()}]})
    report.dynamic_states.add(linear_velocity={"x": 7.0, "y": 1.0}, angular_velocity={"x": 0.1, "y": 0.2, "z": 0.3})
    world.stub.submit_egomotion_observation(report)
    drive(world)
    assert (world.policy.shown[0].speed[0], world.policy.shown[0].yaw_rate[0]) == pytest.approx((7.0, 0.3))


def test_sessions_know_nothing_of_each_other(world) -> None:
    def session(name: str, speed: float, found: dict) -> None:
        start(world, name)
        for tick in range(5):
            see(world, name, tick * 100_000)
            move(world, name, tick * 100_000, at=pose(speed), speed=speed)
            found[name] = drive(world, name, tick * 100_000).trajectory.poses
        close(world, name)

    found: dict = {}
    threads = [threading.Thread(target=session, args=(str(speed), float(speed), found)) for speed in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for speed in range(1, 7):
        poses = found[str(speed)]
        assert poses[10].pose.vec.x - poses[0].pose.vec.x == pytest.approx(speed, rel=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        see,
        move,
        drive,
        close,
        lambda world, name: lead(world, name, 0, []),
        lambda world, name: world.stub.submit_recording_ground_truth(protocol.GroundTruthRequest(session_uuid=name)),
    ],
)
def test_an_unknown_or_closed_session_is_not_found(world, call) -> None:
    start(world)
    close(world)
    status, sentence = world.fails(lambda: call(world, "a"))
    assert status == "NOT_FOUND" and "there is no session 'a'" in sentence
    assert still_serves(world)


BAD_STARTS = {
    "no name": (lambda world: start(world, ""), "INVALID_ARGUMENT", "no session_uuid"),
    "twice": (lambda world: (start(world), start(world)), "ALREADY_EXISTS", "already"),
    "one name for two": (lambda world: start(world, "a", camera(), camera()), "INVALID_ARGUMENT", "twice"),
    "no front": (
        lambda world: start(world, "a", camera(where=pose(2.0, 0.0, 1.5))),  # a body frame: read as optical it looks up
        "FAILED_PRECONDITION",
        "road 20 m ahead",
    ),
    "nan": (lambda world: start(world, "a", camera(where=pose(NAN, quaternion=OPTICAL_AHEAD))), "INVALID_ARGUMENT", "(nan, 0, 0)"),
    "no rotation": (lambda world: start(world, "a", camera(where=pose(quaternion=(0, 0, 0, 0)))), "INVALID_ARGUMENT", "norm 0"),
    "huge": (lambda world: start(world, "a", camera(width=8000, height=8000)), "INVALID_ARGUMENT", "8000x8000"),
    "no focal": (lambda world: start(world, "a", camera(focal=0.0)), "INVALID_ARGUMENT", "focal length"),
    "no lens": (
        lambda world: start(world, "a", protocol.AvailableCamera(logical_id="x", intrinsics={"resolution_w": 99, "resolution_h": 99}, rig_to_camera=pose())),
        "FAILED_PRECONDITION",
        "no calibration",
    ),
    "too many": (lambda world: start(world, "a", *(camera(str(number)) for number in range(40))), "INVALID_ARGUMENT", "at most 32"),
    "dialect": (lambda world: start(world, metadata=(("carla-driver-interface-contract", "9"),)), "FAILED_PRECONDITION", "revision '9'"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_STARTS)
def test_a_session_that_cannot_drive_is_not_begun(world, what: str) -> None:
    call, expected, words = BAD_STARTS[what]
    status, sentence = world.fails(lambda: call(world))
    assert status == expected and words in sentence, sentence
    assert still_serves(world)


BAD_CALLS = {
    "undeclared camera": (lambda world: see(world, which="rear"), "INVALID_ARGUMENT", "not declared"),
    "out of order": (lambda world: (see(world, t_us=100), see(world, t_us=99)), "INVALID_ARGUMENT", "in order"),
    "ends before it starts": (lambda world: see(world, t_us=5, start_us=9), "INVALID_ARGUMENT", "before it starts"),
    "no picture": (lambda world: see(world, data=b""), "INVALID_ARGUMENT", "JPEG or PNG"),
    "half a picture": (lambda world: see(world, data=jpeg()[:700]), "INVALID_ARGUMENT", "JPEG or PNG"),
    "another format": (lambda world: see(world, data=jpeg(kind="BMP")), "INVALID_ARGUMENT", "JPEG or PNG"),
    "huge picture": (lambda world: see(world, data=jpeg(8000, 8000)), "INVALID_ARGUMENT", "8000x8000"),
    "a bomb": (lambda world: see(world, data=bomb(20000)), "INVALID_ARGUMENT", "too large"),
    "huge message": (lambda world: see(world, data=bytes(70 << 20)), "RESOURCE_EXHAUSTED", "larger than max"),
    "another shape": (lambda world: see(world, data=jpeg(320, 100)), "INVALID_ARGUMENT", "320x100"),
    "nan pose": (lambda world: move(world, at=pose(0.0, NAN)), "INVALID_ARGUMENT", "(0, nan, 0)"),
    "far pose": (lambda world: move(world, at=pose(1e9)), "INVALID_ARGUMENT", "1e+09"),
    "nan turn": (lambda world: move(world, at=pose(quaternion=(1.0, NAN, 0.0, 0.0))), "INVALID_ARGUMENT", "quaternion"),
    "nan speed": (lambda world: move(world, speed=NAN), "INVALID_ARGUMENT", "velocity"),
    "nan route": (lambda world: lead(world, "a", 0, [(0.0, 0.0, 0.0), (NAN, 0.0, 0.0)]), "INVALID_ARGUMENT", "the route"),
    "no such time": (lambda world: drive(world, t_us=2**63), "INVALID_ARGUMENT", "time_now_us"),
    "past the plan": (lambda world: drive(world, t_us=1, query_us=9_000_000), "INVALID_ARGUMENT", "what a plan reaches"),
    "into the past": (lambda world: drive(world, t_us=900_000, query_us=800_000), "INVALID_ARGUMENT", "-0.100 s"),
    "states for half": (
        lambda world: world.stub.submit_egomotion_observation(
            protocol.RolloutEgoTrajectory(
                session_uuid="a", trajectory={"poses": [{"pose": pose()}, {"pose": pose(), "timestamp_us": 9}]}, dynamic_states=[{}]
            )
        ),
        "INVALID_ARGUMENT",
        "1 dynamic states for 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_CALLS)
def test_a_bad_call_is_refused_with_a_sentence_and_the_session_goes_on(world, what: str) -> None:
    call, expected, words = BAD_CALLS[what]
    start(world)
    status, sentence = world.fails(lambda: call(world))
    assert status == expected and words in sentence, sentence
    see(world, t_us=1_000_000)
    move(world, t_us=1_000_000)
    assert drive(world, t_us=1_000_000).trajectory.poses
    assert still_serves(world)


def test_a_camera_that_never_sends_or_falls_silent_is_named(world) -> None:
    start(world, "a", camera(), camera("left", where=pose(1.8, 0.6, 1.5, quaternion=(math.sqrt(0.5), -math.sqrt(0.5), 0.0, 0.0))))
    for t_us in (0, 400_000, 600_000):
        see(world, t_us=t_us)
        move(world, t_us=t_us)
    status, sentence = world.fails(lambda: drive(world, t_us=600_000))
    assert status == "FAILED_PRECONDITION" and "camera 'left'" in sentence and "0.60 s" in sentence
    see(world, t_us=600_000, which="left")
    assert drive(world, t_us=600_000).trajectory.poses
    see(world, t_us=1_300_000)
    see(world, t_us=1_300_000, which="left")
    status, sentence = world.fails(lambda: drive(world, t_us=1_300_000))
    assert status == "FAILED_PRECONDITION" and "the ego motion" in sentence


def test_a_camera_that_cannot_be_warped_is_left_out_and_said(world) -> None:
    shield = {"bivariate_windshield_model_param": {"horizontal_poly": [0.0, 1.0]}}
    start(world, "a", camera(), camera("behind_glass", **shield))
    assert any("behind_glass" in sentence and "windshield" in sentence for sentence in world.told)
    see(world, which="behind_glass", data=b"whatever")  # it may send; nobody looks
    see(world)
    move(world)
    assert drive(world).trajectory.poses


def test_f_theta_fisheye_and_body_frames_are_read(world) -> None:
    ftheta = {"principal_point_x": 160, "principal_point_y": 120, "angle_to_pixeldist_poly": [0.0, 140.0], "linear_cde": {"linear_c": 1.0}}
    fisheye = {"principal_point_x": 160, "principal_point_y": 120, "focal_length_x": 140, "focal_length_y": 140}
    for number, spec in enumerate(
        ({"opencv_pinhole_param": None, "ftheta_param": ftheta}, {"opencv_pinhole_param": None, "opencv_fisheye_param": fisheye})
    ):
        start(world, str(number), camera(**spec))
    start(world, "body", camera(where=pose(2.0, 0.0, 1.5)), metadata=(("carla-driver-interface-contract", "1"),))
    assert sum("front 100%" in sentence or "front 9" in sentence for sentence in world.told) == 3


def test_idle_sessions_make_room_and_busy_ones_do_not(world) -> None:
    for number in range(64):
        start(world, str(number))
    status, sentence = world.fails(lambda: start(world, "one more"))
    assert status == "RESOURCE_EXHAUSTED" and "64 sessions" in sentence
    world.clock[0] += 1000.0
    start(world, "one more")
    assert world.fails(lambda: drive(world, "0"))[0] == "NOT_FOUND"


def test_a_policy_that_fails_or_plans_nonsense_ends_the_call_only(world, capfd) -> None:
    start(world)
    see(world)
    move(world)
    plan = world.policy.plan
    world.policy.plan = lambda observation: 1 / 0
    status, sentence = world.fails(lambda: drive(world))
    assert status == "INTERNAL" and "ZeroDivisionError" in sentence
    assert "ZeroDivisionError" in capfd.readouterr().err

    def nonsense(observation):
        made = plan(observation)
        made.trajectories[:] = NAN
        return made

    world.policy.plan = nonsense
    assert world.fails(lambda: drive(world))[0] == "INTERNAL"
    world.policy.plan = plan
    assert drive(world).trajectory.poses


def test_ground_truth_is_taken_and_not_looked_at(world) -> None:
    start(world)
    truth = {"trajectory": {"poses": [{"pose": pose(NAN)}]}}
    world.stub.submit_recording_ground_truth(protocol.GroundTruthRequest(session_uuid="a", ground_truth=truth))


def test_no_bytes_bring_the_server_down(world) -> None:
    """Random messages, and good ones with bytes changed, at every call."""
    import grpc

    random = np.random.default_rng(0)
    start(world)
    image = protocol.RolloutCameraImage(session_uuid="a")
    image.camera_image.logical_id, image.camera_image.image_bytes = "front", jpeg(64, 48)
    good = {
        "start_session": protocol.DriveSessionRequest(session_uuid="b", rollout_spec={"vehicle": {"available_cameras": [camera()]}}),
        "submit_image_observation": image,
        "submit_egomotion_observation": protocol.RolloutEgoTrajectory(session_uuid="a", trajectory={"poses": [{"pose": pose()}]}),
        "submit_route": protocol.RouteRequest(session_uuid="a", route={"waypoints": [{"x": 1.0}, {"x": 9.0}]}),
        "drive": protocol.DriveRequest(session_uuid="a", time_now_us=9, time_query_us=10),
        "close_session": protocol.DriveSessionCloseRequest(session_uuid="c"),
    }
    seen = set()
    for name, message in good.items():
        call = world.channel.unary_unary(f"/egodriver.EgodriverService/{name}")
        whole = message.SerializeToString()
        for number in range(500):
            data = np.frombuffer(whole, np.uint8).copy() if number % 3 else random.integers(0, 256, 40, dtype=np.uint8)
            data[random.integers(0, len(data), 2)] = random.integers(0, 256, 2)
            try:
                call(data.tobytes(), timeout=20.0)
                seen.add("OK")
            except grpc.RpcError as error:
                seen.add(error.code().name)
                assert error.details()
    known = {"OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "INTERNAL"}
    assert "OK" in seen and seen <= known
    assert still_serves(world)
