// The gauges of the four domains, against a plain dictionary of vehicle signals by their VSS names. A gauge is drawn when its signal first
// comes, so a domain that learns to say more shows more; what nobody says has no gauge.

import { at, make, named, number, percent, put, signed, t } from "./words.js";

const KPH = (value) => `${number(value)} km/h`;
const SIGNED = (unit, digits = 1) => (value) => `${signed(value, digits)} ${unit}`;
const PLAIN = (unit, digits = 0) => (value) => `${number(value, digits)} ${unit}`;
const SHARE = (value) => percent(value / 100);

// low and high are the ends of the bar; `from` is where it grows from; warn says when it is coloured.
const DOMAINS = {
  driving: [
    { path: "Vehicle.Speed", key: "speed", high: 130, text: KPH, mark: "Vehicle.ADAS.SpeedLimit" },
    { path: "Vehicle.Acceleration.Longitudinal", key: "acceleration", low: -4, high: 4, text: SIGNED("m/s²") },
    { path: "Vehicle.ADAS.Plan.Risk", key: "risk", high: 1, text: (value) => percent(value, 1), warn: (value) => (value > 0.6 ? "bad" : value > 0.3 ? "warn" : "") },
    { path: "Vehicle.ADAS.Plan.EndSpeed", key: "planned_speed", high: 130, text: KPH },
  ],
  cockpit: [
    { path: "Vehicle.Cabin.HVAC.AmbientAirTemperature", key: "inside", low: 10, high: 35, text: PLAIN("°C", 1) },
    { path: "Vehicle.Exterior.AirTemperature", key: "outside", low: -20, high: 45, text: PLAIN("°C", 1) },
    { path: "Vehicle.Cabin.Infotainment.Media.Volume", key: "volume", high: 100, text: SHARE },
    { path: "Vehicle.Body.Raindetection.Intensity", key: "rain", high: 100, text: SHARE },
  ],
  powertrain: [
    { path: "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", key: "charge", high: 100, text: (value) => percent(value / 100, 1), warn: (value) => (value < 10 ? "bad" : value < 20 ? "warn" : "good") },
    { path: "Vehicle.Powertrain.TractionBattery.CurrentPower", key: "power", low: -100e3, high: 100e3, flip: true, text: (value) => `${signed(-value / 1000, 1)} kW` },
    { path: "Vehicle.Powertrain.EnergySinceStart", key: "energy_used", high: 500, text: PLAIN("Wh") },
    { path: "Vehicle.Powertrain.TractionBattery.Temperature.Average", key: "battery_temperature", low: -20, high: 60, text: PLAIN("°C", 1), warn: (value) => (value > 50 || value < 0 ? "warn" : "") },
    { path: "Vehicle.Powertrain.ElectricMotor.Torque", key: "torque", low: -300, high: 300, text: SIGNED("Nm", 0) },
    { path: "Vehicle.Powertrain.ElectricMotor.Temperature", key: "motor_temperature", low: 0, high: 160, text: PLAIN("°C", 0), warn: (value) => (value > 140 ? "bad" : value > 120 ? "warn" : "") },
  ],
  chassis: [
    { path: "Vehicle.Acceleration.Lateral", key: "lateral", low: -4, high: 4, flip: true, text: SIGNED("m/s²") },
    { path: "Vehicle.Chassis.Axle.Row1.SteeringAngle", key: "steering", low: -30, high: 30, flip: true, text: SIGNED("°", 1) },
    { path: "Vehicle.ADAS.ESC.RoadFriction.MostProbable", key: "friction", high: 100, text: SHARE, warn: (value) => (value < 35 ? "bad" : value < 60 ? "warn" : "good") },
    { path: "Vehicle.Chassis.Brake.DecelerationLimit", key: "braking", high: 12, text: PLAIN("m/s²", 1) },
    { path: "Vehicle.Chassis.MotionSicknessDose", key: "dose", high: 30, text: PLAIN("m/s¹·⁵", 1) },
  ],
};

export class Gauges {
  #cards = new Map();
  #rows = new Map();
  #cabin = {};
  #plan = null;
  #driven = make("p", { className: "quiet-text driven" });

  constructor() {
    at("domains").before(this.#driven);
    for (const name of Object.keys(DOMAINS)) {
      const title = make("h3", { id: `domain-${name}` });
      const rows = make("dl", { className: "dial-rows" });
      const card = make("section", { className: `domain ${name}`, "aria-labelledby": `domain-${name}` }, title, rows);
      this.#cards.set(name, { title, rows });
      at("domains").append(card);
    }
    document.addEventListener("language", () => {
      for (const [name, card] of this.#cards) put(card.title, t(`domain.${name}`));
      for (const row of this.#rows.values()) {
        put(row.name, t(`gauge.${row.key}`));
        row.last = null;
      }
      this.#tell();
    });
  }

  // The cabin's own signals count where the drive says nothing of the same.
  cabin({ signals }) {
    this.#cabin = signals;
  }

  show(tick) {
    if (tick.plan !== this.#plan) {
      this.#plan = tick.plan;
      this.#tell();
    }
    const signals = { ...this.#cabin, ...tick.signals };
    for (const [domain, gauges] of Object.entries(DOMAINS)) {
      for (const gauge of gauges) {
        const value = signals[gauge.path];
        if (typeof value === "number") this.#row(domain, gauge).set(value, signals[gauge.mark]);
      }
    }
  }

  // Which plan is driven.
  #tell() {
    put(this.#driven, this.#plan ? named("plan", this.#plan) : "");
  }

  #row(domain, gauge) {
    if (!this.#rows.has(gauge.path)) {
      const row = new Row(gauge);
      this.#rows.set(gauge.path, row);
      // in the order of the table, whichever signal comes first
      const later = DOMAINS[domain].slice(DOMAINS[domain].indexOf(gauge) + 1).map(({ path }) => this.#rows.get(path)?.element);
      this.#cards.get(domain).rows.insertBefore(row.element, later.find(Boolean) ?? null);
    }
    return this.#rows.get(gauge.path);
  }
}

class Row {
  constructor(gauge) {
    this.gauge = gauge;
    this.key = gauge.key;
    this.last = null;
    this.name = make("dt", { text: t(`gauge.${gauge.key}`) });
    this.fill = make("i");
    this.mark = make("b");
    this.mark.hidden = true;
    this.value = make("dd");
    const bar = make("span", { className: "gauge", "aria-hidden": "true" }, this.fill, this.mark);
    this.element = make("div", { className: `dial${gauge.low < 0 && gauge.low === -gauge.high ? " centred" : ""}`, title: gauge.path }, this.name, bar, this.value);
  }

  set(value, mark) {
    if (value === this.last) return;
    this.last = value;
    const { low = 0, high, flip, warn, text } = this.gauge;
    const at = (number) => Math.max(0, Math.min(1, (number - low) / (high - low)));
    const from = low < 0 && low === -high ? 0.5 : 0;
    const to = flip ? 1 - at(value) : at(value);
    this.fill.style.left = `${100 * Math.min(from, to)}%`;
    this.fill.style.width = `${100 * Math.abs(to - from)}%`;
    this.fill.className = warn?.(value) ?? "";
    this.mark.hidden = typeof mark !== "number";
    if (typeof mark === "number") this.mark.style.left = `${100 * at(mark)}%`;
    put(this.value, text(value));
  }
}
