"""Who drives: the model that ships, an exported one, or a driver by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from caravela.commands._teacher import teacher_at
from caravela.core.errors import unknown_name

if TYPE_CHECKING:
    from caravela.evaluate.drivers import Driver
    from caravela.vehicle.policy import OnnxPolicy

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
SHIPPED_DRIVER = WEIGHTS / "nano"  # a bundle
POLICIES = ("driver", "blind", "teacher", "idm", "constant_velocity", "stationary")


def open_policy(path: Path | None) -> "OnnxPolicy":
    """The model at `path`, or the one that ships, which tells who it sees. Raises BundleError."""
    from caravela.vehicle.bundle import shipped
    from caravela.vehicle.policy import OnnxPolicy

    return OnnxPolicy(shipped() if path is None else path, tells=True)


def driver_named(name: str, *, bundle: Path | None, threads: int, teacher: Path | None = None) -> "tuple[Driver, str]":
    """The driver that --policy names, and what tells it from others. Raises CaravelaError with a suggestion for an unknown one."""
    from caravela.evaluate.drivers import ConstantVelocity, PolicyDriver, StateDriver, Stationary, route_follow_idm

    simple: dict[str, Callable[[], Driver]] = {"stationary": Stationary, "constant_velocity": ConstantVelocity, "idm": route_follow_idm}
    if name in simple:
        return simple[name](), name
    if name == "teacher":
        path = teacher_at(teacher)
        from caravela.train.teacher_driver import TeacherDriver, load_teacher
        from caravela.train.threads import use_threads

        use_threads(threads)
        return StateDriver("teacher", TeacherDriver(load_teacher(path)).control, sees="vectors"), f"teacher {_fingerprint(path)}"
    path = Path(name)
    if name in ("driver", "blind"):
        path = bundle or SHIPPED_DRIVER
    elif not path.exists() and len(path.parts) == 1 and not path.suffix:
        raise unknown_name("policy", name, POLICIES)
    from caravela.vehicle.policy import OnnxPolicy

    policy = OnnxPolicy(path, threads=threads)
    label = name if name in ("driver", "blind") else path.stem if path.is_file() and path.stem != "model" else path.resolve().name
    if path.is_file() and path.stem == "model":
        label = path.resolve().parent.name
    return PolicyDriver(policy, rig=policy.rig, name=label, blindfold=name == "blind"), f"{label} {policy.bundle.sha256()}"


def _fingerprint(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
