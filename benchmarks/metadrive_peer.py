"""MetaDrive 0.3.0.1 as a peer. Runs in `.venv-peers` (`make peers`), in a process of its own, and knows nothing of Caravela.

Protocol: argv[1] is a JSON case; the first line on stdout says what was built; every line on stdin holding a number of seconds is
answered by one JSON line: how much was done in that time; an empty line ends it. What MetaDrive prints goes to stderr.

MetaDrive's renderer is built for a GPU. Here OpenGL is Mesa's software rasteriser (EGL, no display), so shadows of the whole scene,
multisampling and anisotropic filtering are off: each of them makes it slower and none changes how much of the road is seen."""

import json
import logging
import math
import os
import sys
import time
from importlib.metadata import version

ANSWERS = os.fdopen(os.dup(1), "w")  # stdout belongs to the protocol; panda3d writes to file descriptor 1 too
os.dup2(2, 1)
WARM_UP = 8  # steps before measuring: the rasteriser compiles its shaders in the first ones


def answer(message: dict) -> None:
    ANSWERS.write(json.dumps(message) + "\n")
    ANSWERS.flush()


def headless(image: bool) -> None:
    """Panda3D without a display. Must run after MetaDrive's engine module, whose own settings would win otherwise."""
    import metadrive.engine.core.engine_core  # noqa: F401  (it sets multisamples 8 when imported)
    from panda3d.core import loadPrcFileData

    loadPrcFileData("", "load-display p3headlessgl" if image else "load-display p3tinydisplay")
    loadPrcFileData("", "framebuffer-multisample 0")
    loadPrcFileData("", "multisamples 0")
    loadPrcFileData("", "texture-anisotropic-degree 1")
    loadPrcFileData("", "sync-video 0")


def without_multisamples() -> None:
    """MetaDrive asks for 16 samples a pixel in its code, not in its configuration."""
    from metadrive.engine.core import our_pbr

    original = our_pbr.OurPipeline.__init__

    def without_multisampling(self, *args, **kwargs):
        kwargs["msaa_samples"] = 0
        original(self, *args, **kwargs)

    our_pbr.OurPipeline.__init__ = without_multisampling


def without_anisotropy() -> None:
    """MetaDrive asks for a degree of 8 to 16 texture by texture."""
    from panda3d.core import TexturePool

    for texture in TexturePool.findAllTextures():
        texture.setAnisotropicDegree(1)


def build(case: dict):
    """The environment of a case: ego car and traffic all driven by MetaDrive's own IDM, 0.1 s a step; with `learners`, its
    multi-agent intersection, where each of them sees its own vector."""
    if case.get("learners"):
        from metadrive.envs.marl_envs import MultiAgentIntersectionEnv

        return MultiAgentIntersectionEnv({"num_agents": case["learners"], "start_seed": case["seed"], "environment_num": 20})
    from metadrive.envs import MetaDriveEnv
    from metadrive.manager.traffic_manager import TrafficMode
    from metadrive.policy.idm_policy import IDMPolicy

    image = bool(case["cameras"])
    config = {
        "use_render": False,
        "image_observation": image,
        "agent_policy": IDMPolicy,
        "map": case["blocks"],
        "start_seed": case["seed"],
        "environment_num": 20,
        "traffic_mode": TrafficMode.Respawn,
        "traffic_density": case["density"],
        "random_traffic": False,
        "decision_repeat": 5,  # x 0.02 s = 0.1 s
        "global_light": False,
        "multi_thread_render": False,
        "show_interface": False,
        "show_logo": False,
        "show_fps": False,
        "rgb_clip": False,
        "disable_model_compression": True,  # unpacking compressed textures is work for a GPU
        "crash_vehicle_done": False,
        "vehicle_config": {"image_source": "rgb_camera", "rgb_camera": (case["width"], case["height"]), "stack_size": 3},
    }
    return MetaDriveEnv(config)


def cameras_of(vehicle, wanted: list) -> list:
    """`wanted` cameras on a vehicle: MetaDrive has one image camera a process, so the others are its sisters."""
    from metadrive.component.vehicle_module.rgb_camera import RGBCamera

    sensors = []
    for k, camera in enumerate(wanted):
        if k == 0:
            sensor = vehicle.image_sensors["rgb_camera"]
        else:
            sensor = type(f"RGBCamera{k}", (RGBCamera,), {"_singleton": None})()
        aim(sensor, camera)
        sensors.append(sensor)
    return sensors


def aim(sensor, camera: dict) -> None:
    """Give a sensor the lens and the place of a camera: x forward, y left, z up of the vehicle's origin, m and radians."""
    aspect = camera["width"] / camera["height"]
    across = math.degrees(camera["fov"])
    sensor.get_lens().setFov(across, 2.0 * math.degrees(math.atan(math.tan(camera["fov"] / 2.0) / aspect)))
    node = sensor.get_cam()
    node.setPos(-camera["y"], camera["x"], camera["z"])
    node.setHpr(math.degrees(camera["yaw"]), math.degrees(camera["pitch"]), 0.0)


class Loop:
    """Steps an environment and counts."""

    def __init__(self, case: dict) -> None:
        self.case = case
        self.env = build(case)
        self.resets = 0
        self.sensors = []
        self.begin()

    def begin(self) -> None:
        self.env.reset(force_seed=self.case["seed"] + self.resets % 20)
        self.resets += 1
        if self.case["cameras"] and not self.sensors:
            self.sensors = cameras_of(self.env.vehicle, self.case["cameras"])
        if self.sensors:
            without_anisotropy()

    def agents(self) -> int:
        """Vehicles that drive: the ego car and the traffic, or the learners."""
        if self.case.get("learners"):
            return len(self.env.vehicles)
        return 1 + len(self.env.engine.traffic_manager.traffic_vehicles)

    def step(self) -> bool:
        """One step, all cameras read; True when the episode is over. The first camera is read by the environment itself."""
        if self.case.get("learners"):
            _, _, done, _ = self.env.step({name: [0.0, 0.3] for name in self.env.vehicles})
            return done["__all__"]
        _, _, done, _ = self.env.step([0.0, 0.0])  # the ego car's driver takes no orders
        for sensor in self.sensors[1:]:
            sensor.get_pixels_array(self.env.vehicle, False)
        return done

    def measure(self, seconds: float) -> dict:
        """Steps for `seconds` of processor time, or three times that by the wall; resets are not counted and not timed."""
        steps = agent_steps = 0
        wall = cpu = 0.0
        while cpu < seconds and wall < 3.0 * seconds:
            agents = self.agents()
            began, began_cpu = time.perf_counter(), time.process_time()
            done = self.step()
            wall += time.perf_counter() - began
            cpu += time.process_time() - began_cpu
            steps += 1
            agent_steps += agents
            if done:
                self.begin()
        return {"steps": steps, "frames": steps * len(self.sensors), "agent_steps": agent_steps, "wall_s": wall, "cpu_s": cpu}

    def draw(self, seconds: float) -> dict:
        """Rendering alone: the same scene drawn and read again and again, nothing moves."""
        frames, began, began_cpu = 0, time.perf_counter(), time.process_time()
        while time.process_time() - began_cpu < seconds and time.perf_counter() - began < 3.0 * seconds:
            self.env.engine.graphicsEngine.renderFrame()
            for sensor in self.sensors:
                sensor.get_pixels_array(self.env.vehicle, False)
            frames += len(self.sensors)
        return {"drawn": frames, "draw_wall_s": time.perf_counter() - began, "draw_cpu_s": time.process_time() - began_cpu}

    def pictures(self) -> list:
        return [sensor.get_pixels_array(self.env.vehicle, False)[..., ::-1] for sensor in self.sensors]  # BGR to RGB


def density_for(case: dict) -> float:
    """The traffic density whose number of vehicles comes nearest to the wanted one on the first map."""
    low, high, best = 0.0, 1.0, (10**9, 0.1)
    env = build({**case, "cameras": [], "density": 0.1})
    for _ in range(7):
        density = 0.5 * (low + high)
        env.config["traffic_density"] = density
        env.reset(force_seed=case["seed"])
        count = len(env.engine.traffic_manager.traffic_vehicles)
        best = min(best, (abs(count - case["cars"]), density))
        low, high = (density, high) if count < case["cars"] else (low, density)
    env.close()
    return best[1]


def renderer() -> str:
    """What OpenGL calls itself."""
    from metadrive.engine.engine_utils import get_engine

    gsg = get_engine().win.getGsg()
    return f"{gsg.getDriverRenderer()}, OpenGL {gsg.getDriverVersion()}"


def main() -> None:
    logging.disable(logging.WARNING)
    case = json.loads(sys.argv[1])
    headless(bool(case["cameras"]))
    if case["cameras"]:
        without_multisamples()
    if "density" not in case and not case.get("learners"):
        case["density"] = density_for(case)
    loop = Loop(case)
    for _ in range(WARM_UP):
        loop.step()
    built = {
        "ready": True,
        "agents": loop.agents(),
        "density": case.get("density"),
        "python": sys.version.split()[0],
        "metadrive": version("metadrive-simulator"),
    }
    if case["cameras"]:
        pictures = loop.pictures()
        built["renderer"] = renderer()
        built["shapes"] = [list(picture.shape) for picture in pictures]
        built["contrast"] = [float(picture.std()) for picture in pictures]
        if case.get("pictures"):
            from PIL import Image

            for k, picture in enumerate(pictures):
                Image.fromarray(picture.astype("uint8")).save(f"{case['pictures']}{k}.png")
    answer(built)
    for line in sys.stdin:
        if not line.strip():
            break
        done = loop.measure(float(line))
        if loop.sensors:
            done.update(loop.draw(float(line)))
        answer(done)


if __name__ == "__main__":
    main()
