"""Tools write what they say and nothing else: ranges hold, signals bear VSS names, nothing outside the catalogue can be written."""

import pytest

from caravela.cockpit.sayings.phrasing import labels
from caravela.cockpit.tool import TAKES, Call, Form, Operation, ToolError, written
from caravela.cockpit.tools import TOOLS, catalogue
from caravela.core.errors import CaravelaError
from caravela.core.signals import SignalError, Signals

LEVELS = [tool for tool in TOOLS.values() if tool.form is Form.LEVEL]


def test_there_are_tools_enough_and_each_can_be_meant():
    assert len(TOOLS) >= 60
    assert set(TOOLS) <= set(labels())


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_operation_that_needs_no_word_gives_a_value_that_its_signal_holds(tool):
    signals = Signals(catalogue())
    for path in tool.paths():
        for operation in TAKES[tool.form]:
            if operation is Operation.SET or (tool.form is Form.CHOICE and operation in (Operation.ON, Operation.OFF) and tool.on is None):
                continue
            signals.write(path, written(tool, Call(tool.name, operation), signals[path]))


@pytest.mark.parametrize("tool", LEVELS, ids=lambda tool: tool.name)
def test_levels_keep_to_their_range(tool):
    now = tool.resting
    for value in (tool.low - 1.0, tool.high + 1.0, 1e9):
        with pytest.raises(ToolError, match="expected"):
            written(tool, Call(tool.name, Operation.SET, value=value), now)
    low, high = sorted((tool.low * tool.sign, tool.high * tool.sign))
    for operation in (Operation.UP, Operation.DOWN):
        value = now
        for _ in range(40):
            value = written(tool, Call(tool.name, operation), value)
            assert low <= value <= high


def test_paths_are_vss_or_say_that_they_are_not():
    for signal in catalogue():
        assert signal.path.startswith("Vehicle.") and "{" not in signal.path
    assert {signal.path for signal in catalogue() if ".Phone." in signal.path} <= {s.path for s in catalogue() if s.overlay}


def test_signals_hold_only_what_they_may():
    signals = Signals(catalogue())
    for path, value in [
        ("Vehicle.Cabin.Infotainment.Media.Volume", 101.0),
        ("Vehicle.Cabin.Infotainment.Media.Volume", float("nan")),
        ("Vehicle.Cabin.Infotainment.Media.Volume", "loud"),
        ("Vehicle.Cabin.Light.IsDomeOn", 1.0),
        ("Vehicle.Cabin.Infotainment.HMI.DayNightMode", "DUSK"),
    ]:
        with pytest.raises(SignalError, match="expected"):
            signals.write(path, value)
    with pytest.raises(CaravelaError, match="unknown signal"):
        signals.write("Vehicle.Chassis.Brake.PedalPosition", 0.0)


def test_seat_heating_and_cooling_share_a_signal_without_adding_up():
    heating, cooling = TOOLS["seat.heating"], TOOLS["seat.cooling"]
    assert written(cooling, Call("seat.cooling", Operation.ON), 60.0) == -60.0
    assert written(heating, Call("seat.heating", Operation.UP), -60.0) == 30.0
