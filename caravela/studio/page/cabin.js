// The cabin, drawn from its signals: seats with their warmth, windows and doors, roof, light, air. Beside it in words what is not at rest,
// which is also what a screen reader gets; and who is aboard, which a simulated car has to be told.

import { at, make, named, number, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SIDES = ["DriverSide", "PassengerSide"];
const SEATS = [
  { row: "Row1", side: "DriverSide", station: "Driver", x: 58, y: 150, name: "driver" },
  { row: "Row1", side: "PassengerSide", station: "Passenger", x: 122, y: 150, name: "passenger" },
  { row: "Row2", side: "DriverSide", station: "Driver", x: 58, y: 232, name: "rear_driver" },
  { row: "Row2", side: "PassengerSide", station: "Passenger", x: 122, y: 232, name: "rear_passenger" },
];
const COLOURS = {
  red: "#e5484d", orange: "#f08c3a", yellow: "#f2c94c", green: "#4cc38a", blue: "#4a90e2", purple: "#9b6dd7", pink: "#e58fb1", white: "#f4f6f5",
  "warm white": "#ffdca8",
};
const ABOARD = ["hands_on", "eyes_on", "seated", "asleep", "unwell", "child"];

export class Cabin {
  #parts = {};
  #cabin = null;
  #signals = {};
  #ticks = {};
  #aboard = { hands_on: true, eyes_on: true, seated: true, asleep: false, unwell: false, child: false };

  constructor(live) {
    const picture = element("svg", { viewBox: "0 0 180 356", class: "car-picture", role: "img" });
    this.#parts.picture = picture;
    this.#draw(picture);
    const list = make("ul", { className: "settings-now" });
    const services = make("div", { className: "services" });
    const aboard = make("fieldset", { className: "aboard" }, make("legend", { "data-t": "aboard" }));
    for (const name of ABOARD) {
      const box = make("input", { type: "checkbox", id: `aboard-${name}` });
      box.checked = this.#aboard[name];
      box.addEventListener("change", () => {
        this.#aboard[name] = box.checked;
        live.ask({ type: "aboard", ...this.#aboard });
      });
      this.#ticks[name] = box;
      aboard.append(make("label", { className: "check" }, box, make("span", { "data-t": `aboard.${name}` })));
    }
    this.#parts.list = list;
    this.#parts.services = services;
    services.addEventListener("click", (event) => {
      if (event.target.closest("button")) live.ask({ type: "offers", on: true });
    });
    at("cabin").append(picture, make("div", { className: "cabin-words" }, make("h3", { "data-t": "cabin.now" }), list, services), aboard);
    document.addEventListener("language", () => {
      if (this.#cabin) this.show(this.#cabin);
    });
  }

  show(cabin) {
    this.#cabin = cabin;
    const { signals } = cabin;
    this.#signals = signals;
    for (const seat of SEATS) this.#seat(seat);
    this.#openings();
    this.#lights();
    this.#sentences(cabin);
    for (const name of ["asleep", "unwell", "child"]) {
      this.#aboard[name] = cabin.occupants[name];
      this.#ticks[name].checked = cabin.occupants[name];
    }
  }

  #draw(picture) {
    const parts = this.#parts;
    parts.beam = add(picture, "path", { d: "M58 52 L30 4 L150 4 L122 52 Z", class: "beam" });
    add(picture, "path", { d: "M48 70 Q90 36 132 70 L146 120 L148 290 Q146 340 90 346 Q34 340 32 290 L34 120 Z", class: "body" });
    parts.glow = add(picture, "rect", { x: 42, y: 116, width: 96, height: 190, rx: 26, class: "glow" });
    parts.wind = add(picture, "path", { d: "M50 112 Q90 92 130 112 L124 128 Q90 112 56 128 Z", class: "glass" });
    parts.wiper = add(picture, "path", { d: "M76 110 L62 124 M110 106 L96 120", class: "wiper" });
    add(picture, "circle", { cx: 58, cy: 140, r: 11, class: "wheel" });
    parts.roof = add(picture, "rect", { x: 62, y: 196, width: 56, height: 24, rx: 6, class: "roof" });
    for (const seat of SEATS) {
      const group = add(picture, "g", {});
      seat.cushion = add(group, "rect", { x: seat.x - 22, y: seat.y, width: 44, height: 40, rx: 11, class: "seat" });
      seat.back = add(group, "rect", { x: seat.x - 20, y: seat.y + 36, width: 40, height: 13, rx: 6, class: "seat" });
      seat.person = add(group, "circle", { cx: seat.x, cy: seat.y + 14, r: 8, class: "person" });
      seat.text = add(group, "text", { x: seat.x, y: seat.y + 35, class: "degrees" });
      const left = seat.side === "DriverSide";
      seat.window = add(picture, "rect", { x: left ? 30 : 144, y: seat.y - 8, width: 6, height: 58, rx: 3, class: "window" });
      seat.gap = add(picture, "rect", { x: left ? 30 : 144, y: seat.y - 8, width: 6, height: 0, rx: 3, class: "gap" });
      seat.door = add(picture, "path", { d: left ? `M30 ${seat.y - 10} L4 ${seat.y + 22}` : `M150 ${seat.y - 10} L176 ${seat.y + 22}`, class: "door" });
      seat.lock = add(picture, "circle", { cx: left ? 24 : 156, cy: seat.y + 52, r: 3.2, class: "lock" });
    }
    parts.boot = add(picture, "path", { d: "M52 330 Q90 352 128 330", class: "boot" });
    parts.hazard = [add(picture, "circle", { cx: 40, cy: 74, r: 4, class: "lamp" }), add(picture, "circle", { cx: 140, cy: 74, r: 4, class: "lamp" })];
  }

  #get(path) {
    return this.#signals[`Vehicle.${path}`];
  }

  #seat(seat) {
    const base = `Cabin.Seat.${seat.row}.${seat.side}`;
    const warmth = this.#get(`${base}.HeatingCooling`) ?? 0;
    const tone = warmth > 0 ? "warm" : warmth < 0 ? "cool" : "";
    for (const part of [seat.cushion, seat.back]) {
      part.setAttribute("class", `seat ${tone}`);
      part.setAttribute("fill-opacity", tone ? String(0.35 + (0.65 * Math.abs(warmth)) / 100) : "1");
    }
    const occupied = this.#get(`${base}.OccupancyStatus`) === "OCCUPIED" || (seat.row === "Row2" && this.#aboard.child && seat.side === "PassengerSide");
    seat.person.setAttribute("visibility", occupied ? "visible" : "hidden");
    const degrees = this.#get(`Cabin.HVAC.Station.${seat.row}.${seat.station}.Temperature`);
    seat.text.textContent = typeof degrees === "number" ? `${number(degrees)}°` : "";
    const open = this.#get(`Cabin.Door.${seat.row}.${seat.side}.Window.Position`) ?? 0;
    seat.gap.setAttribute("height", String((58 * open) / 100));
    seat.door.setAttribute("visibility", this.#get(`Cabin.Door.${seat.row}.${seat.side}.IsOpen`) ? "visible" : "hidden");
    seat.lock.setAttribute("class", this.#get(`Cabin.Door.${seat.row}.${seat.side}.IsLocked`) ? "lock shut" : "lock");
  }

  #openings() {
    const roof = Math.max(this.#get("Cabin.Sunroof.Position") ?? 0, 0);
    this.#parts.roof.setAttribute("class", roof > 0 ? "roof open" : "roof");
    this.#parts.roof.setAttribute("height", String(24 - (18 * roof) / 100));
    this.#parts.boot.setAttribute("class", this.#get("Body.Trunk.Rear.IsOpen") ? "boot open" : "boot");
    this.#parts.wiper.setAttribute("visibility", ["INTERVAL", "SLOW", "MEDIUM", "FAST"].includes(this.#get("Body.Windshield.Front.Wiping.Mode")) ? "visible" : "hidden");
  }

  #lights() {
    const ambient = "Cabin.Light.AmbientLight.Row1.DriverSide";
    const dome = this.#get("Cabin.Light.IsDomeOn");
    const on = this.#get(`${ambient}.IsLightOn`) || dome;
    this.#parts.glow.setAttribute("fill", dome ? COLOURS["warm white"] : (COLOURS[this.#get(`${ambient}.Color`)] ?? COLOURS.white));
    this.#parts.glow.setAttribute("fill-opacity", on ? String(0.15 + (0.5 * (this.#get(`${ambient}.Intensity`) ?? 40)) / 100) : "0");
    const lamps = this.#get("Body.Lights.LightSwitch");
    const dark = (this.#get("Exterior.LightIntensity") ?? 80) < 15;
    const lit = lamps === "BEAM" || this.#get("Body.Lights.Beam.High.IsOn") || (lamps === "AUTO" && dark);
    this.#parts.beam.setAttribute("visibility", lit ? "visible" : "hidden");
    for (const lamp of this.#parts.hazard) lamp.setAttribute("class", this.#get("Body.Lights.Hazard.IsSignaling") ? "lamp on" : "lamp");
  }

  // What is not at rest, in words.
  #sentences({ off, waiting }) {
    const told = [];
    const windows = SEATS.filter((seat) => (this.#get(`Cabin.Door.${seat.row}.${seat.side}.Window.Position`) ?? 0) > 0);
    for (const seat of windows) told.push(t("cabin.window", { seat: t(`seat.${seat.name}`), share: number(this.#get(`Cabin.Door.${seat.row}.${seat.side}.Window.Position`)) }));
    for (const seat of SEATS) {
      const warmth = this.#get(`Cabin.Seat.${seat.row}.${seat.side}.HeatingCooling`) ?? 0;
      if (warmth) told.push(t(warmth > 0 ? "cabin.heating" : "cabin.cooling", { seat: t(`seat.${seat.name}`), share: number(Math.abs(warmth)) }));
      const massage = this.#get(`Cabin.Seat.${seat.row}.${seat.side}.Massage.Level`) ?? 0;
      if (massage) told.push(t("cabin.massage", { seat: t(`seat.${seat.name}`), share: number(massage) }));
      if (this.#get(`Cabin.Door.${seat.row}.${seat.side}.IsOpen`)) told.push(t("cabin.door", { seat: t(`seat.${seat.name}`) }));
    }
    const degrees = SEATS.map((seat) => this.#get(`Cabin.HVAC.Station.${seat.row}.${seat.station}.Temperature`) ?? 21);
    const [low, high] = [Math.min(...degrees), Math.max(...degrees)];
    told.unshift(low === high ? t("cabin.temperature.all", { degrees: number(low) }) : t("cabin.temperature", { low: number(low), high: number(high) }));
    if (!SIDES.every((side) => this.#get(`Cabin.Door.Row1.${side}.IsLocked`))) told.push(t("cabin.unlocked"));
    const roof = this.#get("Cabin.Sunroof.Position") ?? 0;
    if (roof) told.push(t("cabin.roof", { share: number(Math.abs(roof)) }));
    if (this.#get("Cabin.Light.IsDomeOn")) told.push(t("cabin.dome"));
    if (this.#get("Cabin.Light.AmbientLight.Row1.DriverSide.IsLightOn")) told.push(t("cabin.ambient", { colour: named("colour", this.#get("Cabin.Light.AmbientLight.Row1.DriverSide.Color")) }));
    if (this.#get("Cabin.Infotainment.Media.Action") === "PLAY") told.push(t("cabin.music", { what: this.#get("Cabin.Infotainment.Media.SelectedURI") || "–", share: number(this.#get("Cabin.Infotainment.Media.Volume")) }));
    if (this.#get("Cabin.Infotainment.Phone.Calling")) told.push(t("cabin.call", { who: this.#get("Cabin.Infotainment.Phone.Calling") }));
    if (this.#get("Body.Lights.Hazard.IsSignaling")) told.push(t("cabin.hazard"));
    if (this.#get("Body.Trunk.Rear.IsOpen")) told.push(t("cabin.boot"));
    if (waiting) told.push(t("cabin.waiting", { count: number(waiting) }));
    this.#parts.list.replaceChildren(...told.map((text) => make("li", { text })));
    this.#parts.picture.setAttribute("aria-label", `${t("cabin.picture")}: ${told.join("; ")}`);
    this.#parts.services.replaceChildren(
      ...(off.length ? [make("p", { text: t("offers.off", { names: off.map((name) => named("service", name)).join(", ") }) }), make("button", { type: "button", text: t("offers.on") })] : []),
    );
  }
}

function element(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

function add(parent, tag, attributes) {
  const made = element(tag, attributes);
  parent.append(made);
  return made;
}
