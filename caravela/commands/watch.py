"""`caravela watch`: the driver on real footage. A video or a KITTI drive goes in; out comes a film with its plan drawn on the road and,
for a drive whose motion was logged, how far the plan was from what the car did."""

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from caravela.commands._drivers import open_policy
from caravela.commands._driving_side import assumed_side
from caravela.commands._progress import Bar
from caravela.commands._result_file import git_revision
from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S, to_kph

if TYPE_CHECKING:
    from caravela.core.types import Observation, Plan
    from caravela.evaluate.displacement import Window
    from caravela.vehicle.footage.lens import Assumption
    from caravela.vehicle.footage.reader import Footage, Frame
    from caravela.vehicle.policy import OnnxPolicy

HELP = "the driver on real footage: a video or a KITTI drive, its plan drawn on the road"

FOV, HEIGHT, HORIZON, SPEED = 60.0, 1.3, 0.5, 10.0  # degrees, m, share of the picture, m/s: assumed where nothing is given
TRUTH_S = [0.5 * step for step in range(1, 9)]  # s ahead, dots on the way that the car took


@dataclass(frozen=True)
class Options:
    """Show the driver real footage and film what it plans. It has never seen a real picture: expect little. The driver sees through four
    cameras of its own; the footage is warped into them, and what it does not show stays black."""

    footage: tyro.conf.Positional[Path]
    """A video, a folder with one video, or a folder with a KITTI drive (ego.csv, image_02/), which has its own calibration and speed."""
    out: Path = Path("watch.mp4")
    """The film (.mp4), or a strip of six pictures (.png); an older one is replaced."""
    fov: float | None = None
    """Horizontal field of view of a video's camera, degrees; 60 is assumed."""
    height: float | None = None
    """Height of a video's camera above the road, m; 1.3 is assumed."""
    horizon: float | None = None
    """Where the horizon lies in a video's picture, as a share of its height from the top; 0.5 is assumed, a level camera."""
    speed: float | None = None
    """Speed of the car in a video, m/s, held throughout; 10 is assumed, for the driver cannot plan without one."""
    lefthand: bool = False
    """Traffic keeps to the left there; to the right is assumed."""
    abroad: bool = False
    """The streets are of a country that the driver was taught none of (it was: Europe, Britain, the United States): it looks with its other eyes."""
    say: str = ""
    """What the driver is told, as in --say gently."""
    seconds: float | None = None
    """How much of it; by default all."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    score: Path | None = None
    """Write how far the plans were from the way that the car took to this .json, as results/footage.json; needs a KITTI drive."""


def run(options: Options) -> dict[str, Any]:
    """Watch. Raises CaravelaError for what cannot be watched and for options that make no sense."""
    from caravela.studio.driving.drive import checked_words
    from caravela.studio.record.film import check_target, write_film, write_strip
    from caravela.vehicle.footage.reader import open_footage

    assumed = _assumption(options)
    check_target(options.out)
    if options.out.exists() and options.footage.exists() and options.out.samefile(options.footage):
        raise CaravelaError(f"--out '{options.out}' is the footage itself; give another file.")
    words = checked_words(options.say)
    footage = open_footage(options.footage, assumed=assumed)
    _check_fit(options, footage)
    watching = Watching(options, footage, open_policy(options.policy), words=words)
    _say(watching.opening())
    if line := assumed_side(watching.policy.bundle.card, lefthand=options.lefthand):
        _say(line)
    began = time.perf_counter()
    if options.out.suffix.lower() == ".mp4":
        count = write_film(options.out, watching.pictures(), rate=round(1.0 / STEP_S))
    else:
        count = write_strip(options.out, list(watching.pictures()))
    result = watching.result() | {"pictures": count, "wall_s": round(time.perf_counter() - began, 1), "out": str(options.out)}
    if options.score is None:
        return result
    scored = watching.score()
    _write(options.score, scored)
    return result | {"windows": scored["windows"], "displacement_m": scored["displacement_m"], "score": str(options.score)}


class Watching:
    """One run over the footage: what the driver was shown and what it planned."""

    def __init__(self, options: Options, footage: "Footage", policy: "OnnxPolicy", *, words: str) -> None:
        from caravela.vehicle.footage.look import Looks

        self.options, self.footage, self.policy, self.words = options, footage, policy, words
        self.looks = Looks(footage.lens, policy.rig, words=words, lefthand=options.lefthand, abroad=options.abroad)
        self.windows: list[Window] = []
        self.risks: list[float] = []
        self.speeds: list[float] = []
        self.plan_ms: list[float] = []
        self.seconds = 0.0

    def opening(self) -> str:
        """What is known and what is assumed, in a sentence or two."""
        from caravela.vehicle.footage.overlay import percentages

        lens = self.footage.lens
        how = "calibrated" if self.footage.log else "assumed"
        return (
            f"{self.footage.name}: {lens.width}x{lens.height}, {how} camera of {math.degrees(lens.fov):.1f} degrees at {lens.position[2]:.2f} m; "
            f"speed {self._speed_source()}. Of the driver's own views the footage fills {percentages(self.looks.warp.seen)}; the rest is black."
        )

    def pictures(self) -> Iterator[Any]:
        """The film's pictures, as the footage goes by."""
        limit = math.inf if self.options.seconds is None else self.options.seconds
        total = self.footage.expected
        if total is not None and math.isfinite(limit):
            total = min(total, math.ceil(limit / STEP_S - 1e-6))
        with Bar() as bar:
            bar.stage("watching", total=total)  # type: ignore[arg-type]  # an unknown total is None, to rich too
            for frame in self.footage.frames:
                if frame.t >= limit - 1e-6:
                    break
                yield self._look(frame)
                bar.advance(1)

    def _look(self, frame: "Frame") -> Any:
        """Let the driver plan at a frame; the picture of that."""
        import numpy as np

        from caravela.vehicle.footage.overlay import sheet

        log = self.footage.log
        speed, yaw_rate, acceleration = log.motion(frame.t) if log else (self._given_speed(), 0.0, 0.0)
        observation = self.looks.see(frame, speed=speed, yaw_rate=yaw_rate)
        plan = self.policy.plan(observation)
        self.plan_ms.append(self.policy.timings["total"])
        self.risks.append(float(plan.risk[0]))
        self.speeds.append(speed)
        self.seconds = frame.t
        lines = self._lines(frame, plan, speed)
        if log and self.options.score is not None:
            self._keep(frame, observation, plan, (speed, yaw_rate, acceleration))
        return sheet(
            frame.picture,
            plan,
            lens=self.footage.lens,
            views=observation.images[0, 0],
            names=[camera.name for camera in self.policy.rig.cameras],
            words=lines,
            truth=log.path(frame.t, np.array(TRUTH_S)) if log else None,
        )

    def _keep(self, frame: "Frame", observation: "Observation", plan: "Plan", motion: tuple[float, float, float]) -> None:
        """Remember a moment to be scored: one with its whole history and its whole future."""
        from dataclasses import replace

        import numpy as np

        from caravela.evaluate.displacement import HORIZONS_S, Window

        assert self.footage.log is not None
        truth = self.footage.log.path(frame.t, np.array(HORIZONS_S))
        if self.looks.complete and np.isfinite(truth).all():
            blind = self.policy.plan(replace(observation, images=np.zeros_like(observation.images)))
            self.windows.append(Window(frame.t, plan, blind, motion, truth))

    def _lines(self, frame: "Frame", plan: "Plan", speed: float) -> list[str]:
        import numpy as np

        from caravela.core.bundle import LIGHTS

        known = "" if self.footage.log else " given" if self.options.speed is not None else " assumed"
        insight = self.policy.insight
        assert insight is not None
        light = int(np.argmax(insight.light[0]))
        camera = (
            "calibrated"
            if self.footage.log
            else f"assumed {math.degrees(self.footage.lens.fov):.0f}°, {self.footage.lens.position[2]:.2f} m"
        )
        return [
            f"{frame.t:5.1f} s   {self.policy.name}",
            f"speed{known} {to_kph(speed):.0f} km/h",
            f"wants {to_kph(float(plan.speeds[0, int(plan.chosen[0]), -1])):.0f} km/h in 4 s",
            f"risk {float(plan.risk[0]):.0%}",
            f"reads light: {LIGHTS[light]} ({insight.light[0, light]:.0%})",
            f"camera {camera}",
            "turquoise: chosen plan",
            "dots: where the car went" if self.footage.log else "white: other proposals",
        ]

    def result(self) -> dict[str, Any]:
        """What `--json` prints of the drive."""
        import numpy as np

        lens = self.footage.lens
        p50, p99 = np.percentile(self.plan_ms, [50, 99])
        return {
            "footage": self.footage.name,
            "kind": self.footage.kind,
            "seconds": round(self.seconds, 2),
            "camera": {
                "source": "calibration" if self.footage.log else "assumed",
                "fov_deg": round(math.degrees(lens.fov), 2),
                "height_m": lens.position[2],
                "pitch_deg": round(math.degrees(lens.pitch), 2),
            },
            "fills": {name: round(share, 3) for name, share in self.looks.warp.seen.items()},
            "speed": {"source": self._speed_source(), "mean": round(float(np.mean(self.speeds)), 2)},
            "risk": {"mean": round(float(np.mean(self.risks)), 3), "largest": round(float(np.max(self.risks)), 3)},
            "latency_ms": {"p50": round(float(p50), 1), "p99": round(float(p99), 1)},
            "policy": self.policy.name,
            "words": self.words,
        }

    def score(self) -> dict[str, Any]:
        """How far the plans were from the truth. Raises CaravelaError where no moment has both its history and its future."""
        from caravela.core.types import HISTORY_S
        from caravela.evaluate.displacement import HORIZONS_S, summary

        log = self.footage.log
        assert log is not None
        if not self.windows:
            raise CaravelaError(
                f"of {self.footage.name} {self.seconds:.1f} s were watched and {log.t[-1]:.1f} s are logged; to be scored a moment needs "
                f"{-min(HISTORY_S):g} s before it and {HORIZONS_S[-1]:g} s after it: give more."
            )
        course = math.degrees(log.course_offset())
        return {
            "about": f"The driver on {self.footage.name}: real pictures, of which it has never seen one in training.",
            "policy": self.policy.name,
            "policy_sha256": self.policy.bundle.sha256()[:16],
            "git_revision": git_revision(),
            "log": self.footage.name,
            "log_seconds": round(float(log.t[-1]), 2),
            "words": self.words,
            "fills": {name: round(share, 3) for name, share in self.looks.warp.seen.items()},
            "course_minus_yaw_deg": round(course, 3),
            **summary(self.windows),
            "notes": [
                "The truth is the GPS/IMU's positions, moved to the ground under the middle of the rear axle, in the frame of that place at the "
                "moment of the plan; flat ground.",
                f"The moments are {len(self.windows)} of one drive of {log.t[-1]:.1f} s, in which the car goes from {to_kph(log.speed[0]):.0f} to "
                f"{to_kph(log.speed[-1]):.0f} km/h; they overlap, so no interval is given.",
                f"The log's positions move {abs(course):.2f} degrees to the {'left' if course > 0 else 'right'} of its yaw on average, through its "
                "mounting or its heading: every predictor bears that.",
                "The driver has no route here, and of its four views the footage fills "
                + ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in self.looks.warp.seen.items())
                + "; the rest is black.",
            ],
        }

    def _given_speed(self) -> float:
        return SPEED if self.options.speed is None else self.options.speed

    def _speed_source(self) -> str:
        if self.footage.log:
            return "from the log"
        return f"{self._given_speed():g} m/s {'assumed, for it is unknown' if self.options.speed is None else 'given'}, held throughout"


def show(result: dict[str, Any]) -> None:
    """The same for people."""
    risk = result["risk"]
    camera = "a calibrated camera" if result["camera"]["source"] == "calibration" else "an assumed camera"
    print(
        f"{result['policy']} watched {result['seconds']:.1f} s of {result['footage']} ({camera}, speed {result['speed']['source']}): "
        f"risk {risk['mean']:.0%} on average, at most {risk['largest']:.0%}; a plan takes {result['latency_ms']['p50']:.0f} ms."
    )
    print(f"Written to {result['out']}.")
    if "displacement_m" in result:
        print(f"Mean distance from the way that the car took, {result['windows']} moments, m:")
        for name, of in result["displacement_m"].items():
            print(f"  {name:<36}" + "".join(f"  {key} {value:6.2f}" for key, value in of["mean"].items()))
        print(f"Written to {result['score']}.")


def _assumption(options: Options) -> "Assumption":
    """The camera that a video is taken to have. Raises CaravelaError for a nonsensical one."""
    from caravela.vehicle.footage.lens import Assumption

    limits = {"fov": (5.0, 150.0, "degrees"), "height": (0.3, 4.0, "m"), "horizon": (0.1, 0.9, "of the picture's height")}
    limits |= {"speed": (0.0, 60.0, "m/s"), "seconds": (STEP_S, 86_400.0, "seconds")}
    for name, (low, high, unit) in limits.items():
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise CaravelaError(f"--{name} is {value:g}; expected {low:g} to {high:g} {unit}.")
    fov, height, horizon = options.fov or FOV, options.height or HEIGHT, options.horizon or HORIZON
    return Assumption(fov=math.radians(fov), height=height, horizon=horizon)


def _check_fit(options: Options, footage: "Footage") -> None:
    """Raises CaravelaError for options that this footage has no use for."""
    given = [name for name in ("fov", "height", "horizon", "speed") if getattr(options, name) is not None]
    if footage.log and given:
        raise CaravelaError(f"got --{given[0]} for a KITTI drive, which has its own calibration and speed; leave it out.")
    if options.score is not None and not footage.log:
        raise CaravelaError(
            f"--score needs to know where the car went, and '{footage.name}' does not say; give a KITTI drive, or leave it out."
        )
    if options.score is not None and options.score.suffix != ".json":
        raise CaravelaError(f"--score is '{options.score}'; expected a file ending in .json.")


def _write(path: Path, scored: dict[str, Any]) -> None:
    import json

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(scored, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CaravelaError(f"cannot write '{path}' ({error.strerror}); give --score a file in a folder that you can write.") from error


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
