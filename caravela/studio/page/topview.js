// The top view: the map of the drive (sent once) and on it, every tick, lamps, road users, the route, the plan and the car.
// Map frame in metres, y up; the car looks up the page, unless the whole town is shown, then north does.

import { trajectories } from "./view.js";

const ROAD = 0; // lane kind
const BICYCLE_ONLY = 2;
const PEDESTRIAN_ONLY = 4;
const [BICYCLE, PEDESTRIAN, ANIMAL] = [5, 6, 8]; // agent kinds
const LAMP_COLOURS = ["", "red", "red", "yellow", "green", "green", "yellow"]; // by lamp state
const SPANS = [60, 90, 130, 190, 280]; // m across the shorter side

const PALETTES = {
  light: {
    land: "#e6eae2", building: "#d3d5cf", tree: "#c3d6bd", road: "#ffffff", edge: "#c6cbc4", dash: "#cfd4cd", crossing: "#dfe3dd",
    route: "rgb(13 127 120 / 0.2)", parked: "#b9bfba", car: "#5d6a72", person: "#b26a00", brake: "#d83a2e", indicator: "#e79b1a",
    ego: "#0d7f78", plan: "#0d7f78", fan: "rgb(13 127 120 / 0.28)", red: "#d5352a", yellow: "#e09a10", green: "#23984a", none: "#9aa39d",
    path: "#eef0ea", halo: "#ffffff",
  },
  dark: {
    land: "#141b1c", building: "#222b2c", tree: "#1c2f28", road: "#333d3f", edge: "#4d595a", dash: "#59666a", crossing: "#465254",
    route: "rgb(82 207 194 / 0.26)", parked: "#566264", car: "#a9b7bd", person: "#f0b056", brake: "#ff6a5c", indicator: "#ffc04d",
    ego: "#52cfc2", plan: "#52cfc2", fan: "rgb(82 207 194 / 0.3)", red: "#ff6257", yellow: "#ffc04d", green: "#4fd67c", none: "#6b7779",
    path: "#273032", halo: "#0e1314",
  },
  night: {
    land: "#0b0504", building: "#170b08", tree: "#140a06", road: "#24110c", edge: "#43211a", dash: "#4c281f", crossing: "#351a14",
    route: "rgb(226 96 58 / 0.26)", parked: "#3a211b", car: "#8a5344", person: "#c9763f", brake: "#ff4a34", indicator: "#d68a2a",
    ego: "#e2603a", plan: "#e2603a", fan: "rgb(226 96 58 / 0.28)", red: "#ff4a34", yellow: "#d68a2a", green: "#8fae54", none: "#5a3a31",
    path: "#1b0d09", halo: "#0b0504",
  },
};

const RINGS = { vehicle: 1.6, two_wheeler: 1.1, person: 0.8 }; // m, radius around whom the model sees

export class TopView {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.map = null;
    this.tick = null;
    this.span = 1;
    this.whole = false;
    document.addEventListener("theme", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  load(map) {
    this.map = prepare(map);
    this.tick = null;
    this.draw();
  }

  show(tick) {
    this.tick = tick;
    this.draw();
  }

  zoom(steps) {
    this.whole = false;
    this.span = Math.min(Math.max(this.span + steps, 0), SPANS.length - 1);
    this.draw();
  }

  draw() {
    const { canvas, context, map, tick } = this;
    const colours = PALETTES[document.documentElement.dataset.theme] ?? PALETTES.light;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colours.land;
    context.fillRect(0, 0, width, height);
    if (!map) return;
    const frame = this.#frame(width, height);
    context.setTransform(...frame.matrix);
    this.#streets(frame, colours);
    if (!tick) return;
    this.#route(tick, colours);
    this.#lamps(tick, frame, colours);
    for (const other of tick.others) {
      if (frame.sees(other[1], other[2], 6)) this.#other(other, frame, colours);
    }
    this.#seen(tick, frame, colours);
    this.#plan(tick, frame, colours);
    this.#ego(tick, frame, colours);
  }

  // Where map metres fall on the canvas: a matrix, metres per pixel, and what is near enough to be seen.
  #frame(width, height) {
    const [x0, y0, x1, y1] = this.map.bounds;
    let [x, y, heading] = this.tick?.ego.pose ?? [(x0 + x1) / 2, (y0 + y1) / 2, Math.PI / 2];
    let scale = Math.min(width, height) / SPANS[this.span];
    let up = 0.68; // how far down the canvas the car is
    if (this.whole || !this.tick) {
      [x, y, heading, up] = [(x0 + x1) / 2, (y0 + y1) / 2, Math.PI / 2, 0.5];
      scale = Math.min(width / (x1 - x0 + 40), height / (y1 - y0 + 40));
    }
    const [cos, sin] = [Math.cos(heading), Math.sin(heading)]; // the heading's direction points up the canvas
    const [cx, cy] = [width / 2, height * up];
    const matrix = [scale * sin, -scale * cos, -scale * cos, -scale * sin, cx - scale * (sin * x - cos * y), cy + scale * (cos * x + sin * y)];
    const reach = Math.hypot(width, height * (0.5 + up)) / scale / 1.6 + 4;
    const sees = (px, py, margin) => Math.hypot(px - x, py - y) < reach + margin;
    return { matrix, metre: 1 / scale, sees, shows: (box) => sees(box.x, box.y, box.radius) };
  }

  #streets(frame, colours) {
    const { context, map } = this;
    context.lineJoin = "round";
    context.fillStyle = colours.building;
    for (const area of map.buildings) if (frame.shows(area)) context.fill(area.path);
    context.fillStyle = colours.tree;
    for (const [x, y, radius] of map.trees) {
      if (frame.sees(x, y, radius)) this.#disc(x, y, radius);
    }
    const lanes = map.lanes.filter((lane) => frame.shows(lane));
    context.lineCap = "round";
    for (const [path, colour] of [[true, colours.path], [false, colours.road]]) {
      context.strokeStyle = colour;
      for (const lane of lanes) {
        if (lane.path !== path) continue;
        context.lineWidth = lane.width + 0.2;
        context.stroke(lane.centre);
      }
    }
    context.fillStyle = colours.road;
    for (const area of map.junctions) if (frame.shows(area)) context.fill(area.path);
    context.lineCap = "butt";
    context.strokeStyle = colours.crossing;
    context.setLineDash([0.5, 0.6]);
    for (const [ax, ay, bx, by, width] of map.crossings) {
      if (!frame.sees(ax, ay, 20)) continue;
      context.lineWidth = width;
      this.#line(ax, ay, bx, by);
    }
    if (frame.metre < 0.6) {
      context.lineWidth = Math.max(0.14, frame.metre);
      for (const lane of lanes) {
        if (!lane.border || lane.path) continue;
        context.setLineDash(lane.dashed ? [3, 4] : []);
        context.strokeStyle = lane.dashed ? colours.dash : colours.edge;
        context.stroke(lane.border);
      }
    }
    context.setLineDash([]);
  }

  #route(tick, colours) {
    const { context, map } = this;
    context.strokeStyle = colours.route;
    context.lineCap = "butt";
    for (const index of tick.route_lanes) {
      const lane = map.lanes[index];
      if (!lane) continue;
      context.lineWidth = Math.min(lane.width, 3.2);
      context.stroke(lane.centre);
    }
  }

  #lamps(tick, frame, colours) {
    const { context, map } = this;
    map.stopLines.forEach(([x, y, heading], link) => {
      const lamp = LAMP_COLOURS[tick.lamps[link]];
      if (!lamp || !frame.sees(x, y, 4)) return;
      const [nx, ny] = [-Math.sin(heading), Math.cos(heading)];
      context.strokeStyle = colours[lamp];
      context.lineWidth = Math.max(0.8, Math.min(2.5 * frame.metre, 4));
      this.#line(x - 1.5 * nx, y - 1.5 * ny, x + 1.5 * nx, y + 1.5 * ny);
    });
  }

  // Whom the model says it sees: a ring where it puts them, over those who are there.
  #seen(tick, frame, colours) {
    const { context } = this;
    const [x, y, heading] = tick.ego.pose;
    const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
    context.strokeStyle = colours.ego;
    context.lineWidth = Math.max(0.25, 1.5 * frame.metre);
    for (const thing of tick.insight.things ?? []) {
      context.beginPath();
      context.arc(x + cos * thing.x - sin * thing.y, y + sin * thing.x + cos * thing.y, RINGS[thing.kind] ?? 1, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #other([kind, x, y, heading, length, width, , centre, brake, indicator], frame, colours) {
    const { context } = this;
    context.save();
    context.translate(x, y);
    context.rotate(heading);
    context.translate(centre, 0);
    if (kind === PEDESTRIAN || kind === BICYCLE || kind === ANIMAL) {
      context.fillStyle = colours.person;
      if (kind === PEDESTRIAN) this.#disc(0, 0, Math.max(0.45, Math.min(3 * frame.metre, 2)));
      else this.#box(length, Math.max(width, 0.6), 0.3);
    } else {
      context.fillStyle = colours.car;
      this.#box(length, width, 0.5);
      if (brake) {
        context.fillStyle = colours.brake;
        context.fillRect(-length / 2, -width / 2, 0.45, width);
      }
      if (indicator) {
        context.fillStyle = colours.indicator;
        for (const end of [-1, 1]) this.#disc(end * (length / 2 - 0.4), (indicator * width) / 2, 0.4);
      }
    }
    context.restore();
  }

  #plan(tick, frame, colours) {
    const { context } = this;
    const [x, y, heading] = tick.ego.pose;
    context.save();
    context.translate(x, y);
    context.rotate(heading);
    context.fillStyle = colours.ego;
    for (const [px, py] of tick.route) this.#disc(px, py, Math.max(0.5, 1.8 * frame.metre));
    context.lineCap = "round";
    trajectories(tick).forEach((line, index) => {
      const chosen = index === tick.chosen;
      context.strokeStyle = chosen ? colours.plan : colours.fan;
      context.lineWidth = (chosen ? 3 : 1) * frame.metre;
      context.beginPath();
      for (const [px, py] of line) context.lineTo(px, py);
      context.stroke();
    });
    context.restore();
  }

  #ego(tick, frame, colours) {
    const { context } = this;
    const [x, y, heading] = tick.ego.pose;
    const [length, width, centre] = tick.ego.body;
    const grow = Math.max(1, (14 * frame.metre) / length); // never too small to be found
    context.save();
    context.translate(x, y);
    context.rotate(heading);
    context.translate(centre, 0);
    context.scale(grow, grow);
    context.fillStyle = colours.halo;
    this.#box(length + 0.7, width + 0.7, 0.9);
    context.fillStyle = colours.ego;
    this.#box(length, width, 0.6);
    context.fillStyle = colours.halo;
    context.beginPath();
    context.moveTo(length * 0.3, 0);
    context.lineTo(-length * 0.08, width * 0.32);
    context.lineTo(-length * 0.08, -width * 0.32);
    context.fill();
    context.restore();
  }

  #box(length, width, radius) {
    this.context.beginPath();
    this.context.roundRect(-length / 2, -width / 2, length, width, Math.min(radius, width / 2));
    this.context.fill();
  }

  #disc(x, y, radius) {
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.fill();
  }

  #line(ax, ay, bx, by) {
    this.context.beginPath();
    this.context.moveTo(ax, ay);
    this.context.lineTo(bx, by);
    this.context.stroke();
  }
}

// Paths made once per map, each with a circle around it, so that what is out of sight costs nothing.
function prepare(map) {
  return {
    bounds: map.bounds,
    lanes: map.lanes.map((lane) => {
      const points = pairs(lane.line);
      const border = lane.kind === ROAD && (lane.left >= 0 || lane.opposite >= 0);
      return {
        ...around(points),
        width: lane.width,
        path: lane.use === BICYCLE_ONLY || lane.use === PEDESTRIAN_ONLY,
        centre: pathOf(points),
        border: border ? pathOf(shifted(points, lane.width / 2)) : null,
        dashed: lane.left >= 0,
      };
    }),
    junctions: map.junctions.map(area),
    buildings: map.buildings.map(area),
    trees: map.trees,
    crossings: map.crossings,
    stopLines: map.stop_lines,
  };
}

function area(flat) {
  const points = pairs(flat);
  const path = pathOf(points);
  path.closePath();
  return { ...around(points), path };
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}

function pathOf(points) {
  const path = new Path2D();
  for (const [x, y] of points) path.lineTo(x, y);
  return path;
}

function around(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  return { x, y, radius: Math.max(...points.map(([px, py]) => Math.hypot(px - x, py - y))) };
}

function shifted(points, left) {
  return points.map(([x, y], index) => {
    const [ax, ay] = points[Math.max(index - 1, 0)];
    const [bx, by] = points[Math.min(index + 1, points.length - 1)];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    return [x - (left * (by - ay)) / length, y + (left * (bx - ax)) / length];
  });
}
