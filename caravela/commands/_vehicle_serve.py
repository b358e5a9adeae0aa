"""`caravela vehicle serve`: the driver behind AlpaSim's egodriver contract, until Ctrl-C."""

import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._drivers import open_policy
from caravela.commands._driving_side import assumed_side


@dataclass(frozen=True)
class ServeOptions:
    """Serve the driver over gRPC to worlds that speak AlpaSim's egodriver contract. Needs the extra `serve`. The contract knows neither
    passwords nor encryption: whoever reaches the port can be driven."""

    host: str = "127.0.0.1"
    """Where to listen; by default this machine only."""
    port: int = 50051
    """At which port; 0 takes a free one."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    say: str = ""
    """What the driver is told in every session, as in --say gently: the contract carries no words."""
    lefthand: bool = False
    """Traffic keeps to the left in every session: the contract does not say; to the right is assumed."""


def run_serve(options: ServeOptions) -> dict[str, Any]:
    """Serve until Ctrl-C or a termination signal. Raises CaravelaError for bad options and a port that is taken."""
    import carla_driver_interface  # noqa: F401  where it is missing, the extra is named before anything is opened
    import numpy as np

    from caravela import __version__
    from caravela.studio.driving.drive import checked_words
    from caravela.vehicle.serve.server import Server
    from caravela.vehicle.serve.service import Egodriver

    words = checked_words(options.say)
    policy = open_policy(options.policy)
    egodriver = Egodriver(
        lambda: policy, policy.rig, version=f"caravela-{__version__} {policy.name}", words=words, lefthand=options.lefthand, tell=_say
    )
    if line := assumed_side(policy.bundle.card, lefthand=options.lefthand):
        _say(line)
    with Server(egodriver, host=options.host, port=options.port) as server:
        _say(f"{policy.name} answers at {server.address} until Ctrl-C.")
        _until_signalled()
    p50, p99 = np.percentile(egodriver.drive_s, [50, 99]) * 1e3 if egodriver.drive_s else (None, None)
    return {
        "address": server.address,
        "policy": policy.name,
        "sessions": egodriver.begun,
        "plans": egodriver.planned,
        "refused": egodriver.refused,
        "drive_ms": {"p50": p50 and round(float(p50), 1), "p99": p99 and round(float(p99), 1)},
    }


def show_serve(result: dict[str, Any]) -> None:
    """The same for people."""
    took = result["drive_ms"]
    speed = f", half of them within {took['p50']:g} ms, 99 % within {took['p99']:g} ms" if result["plans"] else ""
    print(f"{result['sessions']} sessions, {result['plans']} plans{speed}; {result['refused']} calls refused.")


def _until_signalled() -> None:
    """Wait for Ctrl-C or SIGTERM, also where a shell made them be ignored."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stop.wait(0.2):  # waiting without an end would not let a signal through on every system
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
