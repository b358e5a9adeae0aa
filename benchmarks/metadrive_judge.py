"""MetaDrive 0.3.0.1 as a judge: its own episodes, driven over a pipe or by its own IDM, and judged by its own rules. Runs in
`.venv-peers` (`make peers`), in a process of its own, and knows nothing of Caravela. `caravela evaluate peers` starts it.

Protocol: argv[1] is a JSON case. A line on stdin is a JSON object, and each is answered by one JSON line on stdout and, where the case
has cameras, the bytes of its `pictures`, (cameras, rows, columns, 3) RGB:

    {"begin": seed}                      a new episode: what it is (route, car, …) and the scene before anything moved
    {"steering": s, "throttle": t}       the scene 0.1 s later; both in [-1, 1], and of no effect where IDM drives
    {"calibrate": seed}                  what that seed's car does when it is asked, on an empty straight road; without cameras

An empty line ends it. Frames: MetaDrive's y points right and its headings turn right; here everything leaves with y left and headings
left, x unchanged. A pose is that of the rear axle. What MetaDrive prints goes to stderr."""

import json
import logging
import math
import sys
from importlib.metadata import version

import numpy as np
from metadrive_peer import ANSWERS, aim, cameras_of, headless, renderer, without_anisotropy, without_multisamples

SUBSTEPS, SUBSTEP_S = 5, 0.02  # of Bullet in a tick of 0.1 s
SAMPLES = 2  # pictures are drawn this many times larger and averaged: lane lines are thinner than a pixel
ORIGIN_HEIGHT = 0.534  # m above the road at which the default car's origin comes to rest, measured
AXIS_STEP = 1.0  # m between points of the route
WHEELS = 4  # all driven, all braked
THROTTLES, SPEEDS = (-0.3, -0.2, -0.1, -0.05, 0.0, 0.001, 0.1, 0.2, 0.5, 1.0), (5.0, 10.0, 15.0)  # calibration; m/s
STEERINGS, TURN_SPEEDS = (-0.4, -0.2, -0.1, 0.1, 0.2, 0.4), (3.0, 6.0, 10.0)
SETTLING, HOLDING, RESPONSE = 5, 12, 2  # ticks: at rest, asked, until it answers
ENDS = ("arrive_dest", "crash_vehicle", "crash_object", "crash_building", "out_of_road", "max_step")
PLACES = 4  # decimals


def answer(message: dict, pictures: list) -> None:
    """One line, then the bytes of the pictures."""
    data = b""
    if pictures:
        stack = np.ascontiguousarray(np.stack(pictures))
        message, data = {**message, "pictures": list(stack.shape)}, stack.tobytes()
    ANSWERS.buffer.write((json.dumps(message) + "\n").encode() + data)
    ANSWERS.buffer.flush()


def build(case: dict, **changed):
    """MetaDrive's environment as it comes (its traffic, its rules of what ends an episode), of the case's blocks, density and patience."""
    from metadrive.envs import MetaDriveEnv
    from metadrive.policy.idm_policy import IDMPolicy

    config = {
        "use_render": False,
        "image_observation": bool(case["cameras"]),
        "map": case["blocks"],
        "start_seed": case["first_seed"],
        "environment_num": case["seeds"],
        "traffic_density": case["density"],
        "horizon": case["ticks"],
        "decision_repeat": SUBSTEPS,
        "global_light": False,
        "multi_thread_render": False,
        "show_interface": False,
        "show_logo": False,
        "show_fps": False,
        "rgb_clip": False,
        "disable_model_compression": True,
        "vehicle_config": {"show_navi_mark": False},
    }
    if case["cameras"]:
        first = case["cameras"][0]
        size = (first["width"] * SAMPLES, first["height"] * SAMPLES)
        config["vehicle_config"].update(image_source="rgb_camera", rgb_camera=size, stack_size=1)
    if case["driver"] == "idm":
        config["agent_policy"] = IDMPolicy
    return MetaDriveEnv({**config, **changed})


class Judge:
    """One episode after the other."""

    def __init__(self, case: dict) -> None:
        self.case = case
        self.env = build(case)
        self.sensors = []

    def begin(self, seed: int) -> dict:
        """A new episode."""
        if self.sensors:
            self.car.origin.showThrough()
        self.env.reset(force_seed=seed)
        self.car = self.env.vehicle
        if self.case["speed"] > 0.0:
            theta = self.car.heading_theta
            self.car.set_velocity([math.cos(theta), math.sin(theta)], self.case["speed"])
        if self.case["cameras"]:
            self.mount()
        return {**self.about(), "state": self.state(), "ended": None}

    def mount(self) -> None:
        """The cameras on the car of this episode: MetaDrive puts its own one elsewhere with every new car."""
        from metadrive.constants import CamMask

        engine = self.env.engine
        back = self.car.REAR_WHEELBASE  # from the rear axle on the road to the car's origin
        mounted = [{**each, "x": each["x"] - back, "z": each["z"] - ORIGIN_HEIGHT} for each in self.case["cameras"]]
        self.sensors = self.sensors or cameras_of(self.car, mounted)
        for sensor, camera in zip(self.sensors, mounted):
            aim(sensor, camera)
            sensor.track(self.car)
        self.car.origin.hide(CamMask.RgbCam)  # the rig's cameras do not see their own car
        without_anisotropy()
        engine.win.setActive(False)  # nobody looks at it
        if self.drawn:
            for _ in range(3):  # shaders are compiled, what was loaded late arrives
                engine.graphicsEngine.renderFrame()
        else:
            for k in range(engine.graphicsEngine.getNumWindows()):
                engine.graphicsEngine.getWindow(k).setActive(False)

    @property
    def drawn(self) -> bool:
        """IDM looks at no picture: its world is the same, but not drawn."""
        return bool(self.case["cameras"]) and self.case["driver"] != "idm"

    def about(self) -> dict:
        """What is known of an episode before it begins."""
        return {
            "metadrive": version("metadrive-simulator"),
            "python": sys.version.split()[0],
            "renderer": renderer() if self.case["cameras"] else None,
            "blocks": "".join(block.ID for block in self.env.current_map.blocks),
            "traffic": len(self.env.engine.traffic_manager.traffic_vehicles),
            "route": self.route(),
            "car": car_of(self.car),
        }

    def route(self) -> list:
        """(N, 2) the road's axis from the first road of the route to the end of its last, m: the line between the two directions,
        which is the left edge of the leftmost lane. Where a road has one direction (roundabouts) it is that edge too: it joins on."""
        network, checkpoints = self.env.current_map.road_network.graph, self.car.navigation.checkpoints
        points = []
        for start, end in zip(checkpoints, checkpoints[1:]):
            lane = network[start][end][0]
            steps = max(2, math.ceil(lane.length / AXIS_STEP) + 1)
            for along in np.linspace(0.0, lane.length, steps)[1 if points else 0 :]:
                x, y = lane.position(along, -lane.width_at(along) / 2.0)
                points.append([round(float(x), PLACES), round(-float(y), PLACES)])
        return points

    def state(self) -> dict:
        """Where the rear axle is and how it moves: m, rad, m/s, rad/s."""
        car = self.car
        heading = -float(car.heading_theta)
        cos, sin = math.cos(heading), math.sin(heading)
        velocity = car.body.getLinearVelocity()  # in panda's world, whose y points left already
        return {
            "x": float(car.position[0]) - car.REAR_WHEELBASE * cos,
            "y": -float(car.position[1]) - car.REAR_WHEELBASE * sin,
            "heading": heading,
            "speed": velocity[0] * cos + velocity[1] * sin,
            "yaw_rate": float(car.body.getAngularVelocity()[2]),
        }

    def step(self, steering: float, throttle: float) -> dict:
        """0.1 s; `ended` names what MetaDrive says of the end, None while it goes on."""
        _, _, done, info = self.env.step([steering, throttle])
        return {"state": self.state(), "ended": [name for name in ENDS if info.get(name)] if done else None}

    def pictures(self) -> list:
        """Of every camera, uint8 RGB."""
        return [averaged(sensor.get_pixels_array(self.car, False)) for sensor in self.sensors] if self.drawn else []


def averaged(picture: np.ndarray) -> np.ndarray:
    """SAMPLES x SAMPLES pixels become one; BGR becomes RGB."""
    rows, columns = picture.shape[0] // SAMPLES, picture.shape[1] // SAMPLES
    blocks = picture[..., ::-1].reshape(rows, SAMPLES, columns, SAMPLES, 3).astype(np.uint16)
    return ((blocks.sum(axis=(1, 3)) + SAMPLES * SAMPLES // 2) // (SAMPLES * SAMPLES)).astype(np.uint8)


def car_of(car) -> dict:
    """What turns a pedal and a wheel into a motion; the forces are drawn by the seed. kg, N, N s a substep, rad, m, s, m/s."""
    return {
        "mass": float(car.config["mass"] or car.MASS),
        "engine_force": float(car.config["max_engine_force"]),
        "brake_impulse": float(car.config["max_brake_force"]),
        "steering": math.radians(float(car.max_steering)),
        "wheelbase": float(car.FRONT_WHEELBASE + car.REAR_WHEELBASE),
        "wheels": WHEELS,
        "substep_s": SUBSTEP_S,
    }


def calibrate(case: dict, seed: int) -> dict:
    """What the car does on an empty straight road: acceleration by throttle and speed, while it moves; curvature by steering and speed."""
    env = build({**case, "driver": "pipe", "blocks": "SSSSS", "density": 0.0, "ticks": None}, on_continuous_line_done=False)

    def held(speed: float, steering: float, throttle: float) -> np.ndarray:
        """(HOLDING, 2) speed and yaw rate."""
        env.reset(force_seed=seed)
        car = env.vehicle
        for _ in range(SETTLING):
            env.step([0.0, -1.0])
        car.set_velocity([math.cos(car.heading_theta), math.sin(car.heading_theta)], speed)
        seen = []
        for _ in range(HOLDING):
            env.step([steering, throttle])
            seen.append((float(car.speed), float(car.body.getAngularVelocity()[2])))
        return np.array(seen)

    pulls, turns = [], []
    for throttle in THROTTLES:
        for speed in SPEEDS:
            moving = held(speed, 0.0, throttle)[RESPONSE:, 0]
            moving = moving[: int(np.argmax(moving < 1.0)) if (moving < 1.0).any() else len(moving)]
            if len(moving) > 2:
                pulls.append([throttle, speed, round(float(moving[-1] - moving[0]) / (0.1 * (len(moving) - 1)), 3)])
    for steering in STEERINGS:
        for speed in TURN_SPEEDS:
            seen = held(speed, steering, 0.001)[HOLDING // 2 :]
            turns.append([steering, speed, round(float(seen[:, 1].sum() / seen[:, 0].sum()), 5)])
    about = {"metadrive": version("metadrive-simulator"), "car": car_of(env.vehicle)}
    return {**about, "throttle_speed_acceleration": pulls, "steering_speed_curvature": turns}


def main() -> None:
    logging.disable(logging.WARNING)
    case = json.loads(sys.argv[1])
    headless(bool(case["cameras"]))
    if case["cameras"]:
        without_multisamples()
    judge = None
    for line in sys.stdin:
        if not line.strip():
            break
        asked = json.loads(line)
        if "calibrate" in asked:
            answer(calibrate(case, asked["calibrate"]), [])
            break
        judge = judge or Judge(case)
        told = judge.begin(asked["begin"]) if "begin" in asked else judge.step(asked["steering"], asked["throttle"])
        answer(told, judge.pictures())


if __name__ == "__main__":
    main()
