"""Who is touched, and where."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from caravela.world.contact import touched
from caravela.world.kernels import events
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, CAR, DEBRIS, EXTERNAL, IDM, LORRY, PARKED, PEDESTRIAN, THING, WALKER, WorldState, empty


def place(state: WorldState, agent: int, *, x: float, y: float, kind: int, controller: int, heading: float = 0.0, paint: int = 0) -> None:
    row = state.agents[0, agent]
    size = {PEDESTRIAN: (0.5, 0.5), THING: (0.6, 0.6)}.get(kind, (4.5, 1.8))
    row["x"], row["y"], row["heading"], row["kind"], row["controller"], row["paint"] = x, y, heading, kind, controller, paint
    row["length"], row["width"] = size
    row["centre_offset"] = 1.35 if size[0] > 1.0 else 0.0


@pytest.fixture
def state() -> WorldState:
    state = empty(1, agents=3, links=1, signals=1)
    state.agents["controller"] = ABSENT
    place(state, 0, x=0.0, y=0.0, kind=CAR, controller=EXTERNAL)
    return state


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"x": 4.2, "y": 0.4, "kind": LORRY, "controller": IDM}, "a lorry ahead"),
        ({"x": -4.2, "y": 0.0, "kind": CAR, "controller": IDM}, "a car behind"),
        ({"x": 0.3, "y": -1.7, "kind": CAR, "controller": PARKED}, "a parked car on the right"),
        ({"x": 1.3, "y": 1.0, "kind": PEDESTRIAN, "controller": WALKER}, "a person on the left"),
        ({"x": 3.7, "y": 0.0, "kind": THING, "controller": PARKED, "paint": DEBRIS}, "something that lies there ahead"),
        ({"x": 9.0, "y": 0.0, "kind": CAR, "controller": IDM}, ""),
        ({"x": 4.2, "y": 0.4, "kind": LORRY, "controller": ABSENT}, ""),
    ],
)
def test_who_is_touched_is_named_with_its_side(state, other, told):
    place(state, 1, **other)
    assert touched(state, 0) == told


def test_a_turned_car_has_its_own_left(state):
    state.agents[0, 0]["heading"] = math.pi / 2
    place(state, 1, x=-1.0, y=1.3, kind=PEDESTRIAN, controller=WALKER)
    place(state, 2, x=0.0, y=3.8, kind=PEDESTRIAN, controller=WALKER)
    assert touched(state, 0) == "a person on the left and a person ahead"


def test_an_event_names_whom_it_was_with_and_nobody_who_has_gone(state):
    world = SimpleNamespace(state=state, flags=np.array([[events.COLLISION | events.AT_FAULT | events.OFF]], np.int32))
    place(state, 1, x=4.2, y=0.4, kind=LORRY, controller=IDM)
    assert [event.detail for event in Simulator._events(world, 0)] == ["with a lorry ahead", "with a lorry ahead", ""]
    place(state, 1, x=400.0, y=0.4, kind=LORRY, controller=IDM)
    assert [event.detail for event in Simulator._events(world, 0)] == ["", "", ""]
