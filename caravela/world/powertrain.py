"""Battery, motor, their limits and their losses, batched over worlds (B,), SI, temperatures in degrees Celsius. The battery is an
open-circuit voltage behind a resistance (Rint model; Plett 2015, ch. 2); the motor a torque-speed envelope with copper, iron and inverter
losses; heat goes into one node each (first order). Figures are of no particular car: a 60 kWh, 150 kW, rear-driven, mid-size one. Leaves
out: ageing, cell imbalance, a second gear, and what is lost in the brakes beyond heat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import GRAVITY, STEP_S

Array = NDArray[np.float64]
KELVIN = 273.15

# Open-circuit voltage of a nickel-manganese-cobalt cell by state of charge, V (shape as in Plett 2015, fig. 2.6).
CHARGE_POINTS = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
CELL_VOLTAGE = np.array([3.00, 3.33, 3.45, 3.55, 3.61, 3.64, 3.68, 3.76, 3.87, 3.97, 4.07, 4.18])
# Share of the charging current that a cell takes, by temperature and by state of charge: cold cells would plate lithium, full ones exceed
# their voltage.
COLD_POINTS = np.array([-20.0, -10.0, 0.0, 10.0, 20.0, 25.0, 42.0, 55.0])
COLD_SHARE = np.array([0.0, 0.02, 0.10, 0.35, 0.85, 1.0, 1.0, 0.0])
FULL_POINTS = np.array([0.0, 0.80, 0.90, 0.97, 1.0])
FULL_SHARE = np.array([1.0, 1.0, 0.50, 0.12, 0.0])


@dataclass(frozen=True)
class PowertrainSpec:
    """One car's powertrain."""

    cells: int = 96  # in series
    capacity: float = 60.0 * 3.6e6  # J, between empty and full
    resistance: float = 0.09  # ohm at 25 C, of the pack
    activation: float = 2200.0  # K: resistance follows Arrhenius
    discharge_current: float = 480.0  # A
    charge_current: float = 220.0  # A, of a warm, half empty pack
    cell_low: float = 2.8  # V, under load
    cell_high: float = 4.2
    battery_heat: float = 350e3  # J/K
    battery_loss: float = 15.0  # W/K to the surroundings
    battery_hot: tuple[float, float] = (48.0, 58.0)  # C between which discharge is wound down
    torque: float = 310.0  # Nm
    power: float = 150e3  # W at the shaft
    regeneration_torque: float = 170.0  # Nm
    blend: tuple[float, float] = (1.4, 2.8)  # m/s: below the first no regeneration, above the second all of it
    gear: float = 9.0
    wheel: float = 0.33  # m
    gear_efficiency: float = 0.97
    copper: float = 0.045  # W/(Nm)^2
    iron: float = 0.8  # W/(rad/s)
    inverter: float = 150.0  # W while it turns
    motor_heat: float = 25e3  # J/K
    motor_loss: float = 60.0  # W/K to the coolant
    coolant: float = 45.0  # C
    motor_hot: tuple[float, float] = (140.0, 165.0)  # C between which torque is wound down
    drag_area: float = 0.62  # m^2
    rolling: float = 0.011  # rolling resistance coefficient, car tyre on asphalt
    inertia: float = 1.04  # mass factor of what turns
    auxiliaries: float = 400.0  # W
    cabin: float = 60.0  # W/K that the cabin loses
    heat_pump: float = 2.5  # coefficient of performance
    comfortable: tuple[float, float] = (18.0, 24.0)  # C outside, between which the cabin needs nothing


@dataclass
class PowertrainState:
    """What changes; all (B,)."""

    charge: Array  # 0..1
    battery: Array  # C
    motor: Array  # C


@dataclass(frozen=True)
class Able:
    """What the powertrain can do at a speed; forces at the wheels, N, all (B,)."""

    drive: Array
    regenerate: Array  # positive
    regenerate_full: Array  # the same without the blend at low speed
    drive_power: Array  # W, most that battery and motor put at the wheels
    regenerate_power: Array  # W, most that they take from the wheels


@dataclass(frozen=True)
class Flow:
    """What flowed in a tick; all (B,)."""

    battery: Array  # W taken from the cells, their own losses included; negative while charging
    terminal: Array  # W at the terminals
    current: Array  # A, positive out of the battery
    voltage: Array  # V at the terminals
    friction: Array  # W that the brake discs turned into heat
    torque: Array  # Nm at the motor's shaft
    turns: Array  # rad/s of the motor


def open_circuit(charge: Array, spec: PowertrainSpec) -> Array:
    """(B,) V of the pack at rest."""
    return spec.cells * np.interp(charge, CHARGE_POINTS, CELL_VOLTAGE)


def resistance(temperature: Array, spec: PowertrainSpec) -> Array:
    """(B,) ohm: Arrhenius, R = R25 exp(E (1/T - 1/298.15 K))."""
    return spec.resistance * np.exp(spec.activation * (1.0 / (np.asarray(temperature) + KELVIN) - 1.0 / 298.15))


def battery_limits(state: PowertrainState, spec: PowertrainSpec) -> tuple[Array, Array]:
    """(B,) W at the terminals that the battery gives and takes at most: currents, voltages and temperatures all keep their limits."""
    rest, ohm = open_circuit(state.charge, spec), resistance(state.battery, spec)
    hot = 1.0 - np.clip((state.battery - spec.battery_hot[0]) / (spec.battery_hot[1] - spec.battery_hot[0]), 0.0, 1.0)
    empty = np.clip(state.charge / 0.05, 0.0, 1.0)
    out = np.minimum(spec.discharge_current * hot * empty, np.maximum(rest - spec.cells * spec.cell_low, 0.0) / ohm)
    share = np.interp(state.battery, COLD_POINTS, COLD_SHARE) * np.interp(state.charge, FULL_POINTS, FULL_SHARE)
    taken = np.minimum(spec.charge_current * share, np.maximum(spec.cells * spec.cell_high - rest, 0.0) / ohm)
    return (rest - ohm * out) * out, (rest + ohm * taken) * taken


def motor_losses(torque: Array, turns: Array, spec: PowertrainSpec) -> Array:
    """(B,) W: copper with the torque squared, iron with the speed, and the inverter."""
    return spec.copper * np.square(torque) + spec.iron * turns + spec.inverter * (turns > 0.5)


def able(state: PowertrainState, speed: Array, spec: PowertrainSpec, *, cabin: Array | float = 0.0) -> Able:
    """What battery, motor and their temperatures allow at (B,) m/s. `cabin`: W that goes elsewhere meanwhile."""
    ratio = spec.gear / spec.wheel
    turns = np.maximum(np.asarray(speed), 0.1) * ratio
    cool = 1.0 - np.clip((state.motor - spec.motor_hot[0]) / (spec.motor_hot[1] - spec.motor_hot[0]), 0.0, 1.0)
    gives, takes = battery_limits(state, spec)
    torque = spec.torque * cool
    fixed = spec.iron * turns + spec.inverter
    shaft = np.minimum(spec.power * np.maximum(cool, 0.2), _shaft(gives - spec.auxiliaries - cabin - fixed, turns, spec))
    drive = np.minimum(torque, shaft / turns) * ratio * spec.gear_efficiency
    absorbed = takes + spec.auxiliaries + cabin + fixed  # W that the shaft may bring
    most = spec.regeneration_torque * cool
    braking = np.minimum(most, _braking(absorbed, turns, spec)) * ratio / spec.gear_efficiency
    blend = np.clip((np.asarray(speed) - spec.blend[0]) / (spec.blend[1] - spec.blend[0]), 0.0, 1.0)
    full = np.maximum(most * ratio / spec.gear_efficiency, 0.0)
    brings = np.maximum(absorbed, 0.0) / spec.gear_efficiency
    return Able(np.maximum(drive, 0.0), np.maximum(braking, 0.0) * blend, full, shaft * spec.gear_efficiency, brings)


def _shaft(electric: Array, turns: Array, spec: PowertrainSpec) -> Array:
    """(B,) W at the shaft from W of electricity: T w + c T^2 = P solved for T."""
    electric = np.maximum(electric, 0.0)
    torque = (-turns + np.sqrt(np.square(turns) + 4.0 * spec.copper * electric)) / (2.0 * spec.copper)
    return torque * turns


def _braking(absorbed: Array, turns: Array, spec: PowertrainSpec) -> Array:
    """(B,) Nm of braking whose electricity is W: T w - c T^2 = P, the smaller root; where the motor heats all of it, its best torque."""
    inside = np.maximum(np.square(turns) - 4.0 * spec.copper * np.maximum(absorbed, 0.0), 0.0)
    return (turns - np.sqrt(inside)) / (2.0 * spec.copper)


def resistance_force(speed: Array, mass: Array, spec: PowertrainSpec) -> Array:
    """(B,) N against the car: air and rolling resistance (Mitschke and Wallentowitz 2014, ch. 3); 1.2 kg/m^3, no wind, no slope."""
    moving = np.asarray(speed) > 0.1
    return moving * (0.5 * 1.2 * spec.drag_area * np.square(speed) + spec.rolling * mass * GRAVITY)


def cabin_power(outside: Array, spec: PowertrainSpec) -> Array:
    """(B,) W of electricity that keeps the cabin at a comfortable temperature with the heat pump."""
    low, high = spec.comfortable
    missing = np.maximum(low - outside, 0.0) + np.maximum(np.asarray(outside) - high, 0.0)
    return spec.cabin * missing / spec.heat_pump


def drive(
    state: PowertrainState, *, before: Array, after: Array, mass: Array, outside: Array, spec: PowertrainSpec, step: float = STEP_S
) -> Flow:
    """Account for one tick in which the car went from `before` to `after` m/s, and move the state on. Braking is regenerated as far as the
    powertrain can, and the brakes do the rest (series blending: the most that can be had back).

    Args:
        before, after: (B,) m/s.
        mass: (B,) kg, laden.
        outside: (B,) C.
    """
    speed = 0.5 * (before + after)
    force = spec.inertia * mass * (after - before) / step + resistance_force(speed, mass, spec)
    cabin = cabin_power(outside, spec)
    can = able(state, speed, spec, cabin=cabin)
    motor = np.where(force >= 0.0, force, np.maximum(force, -can.regenerate))
    ratio = spec.gear / spec.wheel
    torque = np.where(motor >= 0.0, motor / spec.gear_efficiency, motor * spec.gear_efficiency) / ratio
    turns = speed * ratio
    heat = motor_losses(torque, turns, spec)
    terminal = torque * turns + heat + spec.auxiliaries + cabin
    rest, ohm = open_circuit(state.charge, spec), resistance(state.battery, spec)
    current = (rest - np.sqrt(np.maximum(np.square(rest) - 4.0 * ohm * terminal, 0.0))) / (2.0 * ohm)  # P = (V - R I) I
    taken = rest * current
    state.charge = np.clip(state.charge - taken * step / spec.capacity, 0.0, 1.0)
    state.battery = state.battery + (ohm * np.square(current) - spec.battery_loss * (state.battery - outside)) * step / spec.battery_heat
    state.motor = state.motor + (heat - spec.motor_loss * (state.motor - spec.coolant)) * step / spec.motor_heat
    return Flow(taken, terminal, current, rest - ohm * current, (motor - force) * speed, torque, turns)
