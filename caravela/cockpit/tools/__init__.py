"""All tools of the cabin, by name, and the signals behind them."""

from collections.abc import Mapping
from types import MappingProxyType

from caravela.cockpit.tool import Form, Tool
from caravela.cockpit.tools import body, comfort, infotainment
from caravela.core.signals import Signal, Value

TOOLS: Mapping[str, Tool] = MappingProxyType({tool.name: tool for tool in (*comfort.TOOLS, *body.TOOLS, *infotainment.TOOLS)})

# What the cockpit reads and no tool sets.
SENSORS = (
    Signal("Vehicle.Speed", 0.0, "km/h", 0.0, 300.0),
    Signal("Vehicle.Body.Raindetection.Intensity", 0.0, "percent", 0.0, 100.0),
    Signal("Vehicle.Exterior.LightIntensity", 80.0, "percent", 0.0, 100.0),
    Signal("Vehicle.Powertrain.TractionBattery.Charging.IsCharging", False),
    Signal("Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsChargingCableConnected", False),
    Signal("Vehicle.Cabin.Seat.Row1.DriverSide.OccupancyStatus", "OCCUPIED", allowed=("UNKNOWN", "OCCUPIED", "EMPTY")),
    Signal("Vehicle.Cabin.Seat.Row1.PassengerSide.OccupancyStatus", "EMPTY", allowed=("UNKNOWN", "OCCUPIED", "EMPTY")),
    Signal("Vehicle.Cabin.Seat.Row2.DriverSide.OccupancyStatus", "EMPTY", allowed=("UNKNOWN", "OCCUPIED", "EMPTY")),
    Signal("Vehicle.Cabin.Seat.Row2.PassengerSide.OccupancyStatus", "EMPTY", allowed=("UNKNOWN", "OCCUPIED", "EMPTY")),
)


def catalogue() -> tuple[Signal, ...]:
    """Every signal of the cabin. Tools that share one share its range."""
    found: dict[str, Signal] = {signal.path: signal for signal in SENSORS}
    for tool in TOOLS.values():
        for path in tool.paths():
            signal = _signal(tool, path)
            if path in found:
                other = found[path]
                allowed = tuple(dict.fromkeys((*other.allowed, *signal.allowed)))
                signal = Signal(
                    path, other.start, other.unit, min(other.low, signal.low), max(other.high, signal.high), allowed, other.overlay
                )
            found[path] = signal
    return tuple(found.values())


def _signal(tool: Tool, path: str) -> Signal:
    start: Value = tool.resting
    if isinstance(start, bool):
        return Signal(path, start, overlay=tool.overlay)
    if isinstance(start, str):
        named = (*tool.choices, *(value for value in (tool.on, tool.off, start) if isinstance(value, str) and value))
        allowed = () if tool.form in (Form.TEXT, Form.ASK) else tuple(dict.fromkeys(("", *named)))
        return Signal(path, start, allowed=allowed, overlay=tool.overlay)
    low, high = sorted((tool.low * tool.sign, tool.high * tool.sign))
    return Signal(path, float(start), tool.unit, low, high, overlay=tool.overlay)
