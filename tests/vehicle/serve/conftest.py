"""A server with a policy that always drives straight on at the speed that it is told, and a client that speaks the contract."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from caravela.core.kinematics import integrate
from caravela.core.types import KNOTS, Observation, Plan, policy_rig


class Straight:
    """A policy without pictures; keeps what it was shown."""

    name = "straight"

    def __init__(self) -> None:
        self.shown: list[Observation] = []
        self.resets = 0

    def reset(self, batch: int) -> None:
        self.resets += 1

    def plan(self, observation: Observation) -> Plan:
        self.shown.append(observation)
        knots = np.zeros((1, 2, KNOTS, 2), np.float32)
        knots[0, 1, :, 1] = 0.02
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        return Plan(trajectories, speeds, knots, np.array([[1.0, 0.5]], np.float32), np.zeros(1, np.int64), np.full(1, 0.25, np.float32))


@pytest.fixture
def world() -> Iterator[SimpleNamespace]:
    """What a test needs: `stub`, `policy`, `egodriver`, `address`, `fails(call) -> (status, sentence)`."""
    grpc = pytest.importorskip("grpc", reason="serving needs the extra 'serve'")
    protocol = pytest.importorskip("carla_driver_interface.protocol", reason="serving needs the extra 'serve'")
    from caravela.vehicle.serve.server import Server
    from caravela.vehicle.serve.service import Egodriver

    policy, told, clock = Straight(), [], [0.0]
    egodriver = Egodriver(lambda: policy, policy_rig(), version="test", tell=told.append, clock=lambda: clock[0])

    def fails(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(grpc.RpcError) as failure:
            call()
        return failure.value.code().name, failure.value.details()

    with Server(egodriver) as server, grpc.insecure_channel(server.address, options=protocol.channel_options()) as channel:
        stub = protocol.EgodriverServiceStub(channel)
        yield SimpleNamespace(
            stub=stub, policy=policy, egodriver=egodriver, address=server.address, fails=fails, told=told, clock=clock, channel=channel
        )
