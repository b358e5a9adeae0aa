// The large view: the picture, and on it the plan. Points of the rig frame (x forward, y left, z up; metres) are projected
// with the camera's own numbers, so carpet and fan lie on the road that the picture shows.

const CARPET_HALF_WIDTH = 0.85; // m
const NEAR = 1.2; // m of depth; nearer points are cut off
const STANDS = 0.25; // m per 0.2 s: a plan whose last step is shorter ends standing

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.fan = true;
    this.picture = null;
    this.pending = null; // the newest picture that waits to be decoded
    this.busy = false;
    this.last = null;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // Decode a picture, then draw it with the plan that came along: a plan is never drawn on another moment's road. While one is decoded
  // only the newest waits, so that a slow machine sees fewer pictures and never none.
  async show(tick) {
    this.pending = tick;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.pending) {
        const next = this.pending;
        this.pending = null;
        const picture = await createImageBitmap(new Blob([next.blobs.view], { type: "image/jpeg" }));
        this.picture?.close();
        this.picture = picture;
        this.last = next;
        this.draw();
      }
    } finally {
      this.busy = false;
    }
  }

  draw() {
    if (!this.picture) return;
    const { canvas, context, picture, last } = this;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const scale = Math.max(width / picture.width, height / picture.height); // the picture covers the canvas
    const left = (width - picture.width * scale) / 2;
    const top = (height - picture.height * scale) / 2;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, left, top, picture.width * scale, picture.height * scale);
    context.setTransform(scale, 0, 0, scale, left, top);
    this.#plan(last, 1 / scale);
  }

  #plan(tick, pixel) {
    const camera = tick.camera;
    const proposals = trajectories(tick);
    if (this.fan) {
      const order = ranks(tick.values);
      proposals.forEach((line, index) => {
        if (index === tick.chosen) return;
        const good = order.length ? order[index] / Math.max(proposals.length - 1, 1) : 0.5; // no critic: all alike
        this.context.strokeStyle = `rgb(255 255 255 / ${(0.18 + 0.4 * good).toFixed(2)})`;
        this.context.lineWidth = 1.4 * pixel * (devicePixelRatio || 1);
        this.#stroke(line.map(([x, y]) => [x, y, 0]), camera);
      });
    }
    this.#carpet(proposals[tick.chosen], tick, camera, pixel);
  }

  #carpet(line, tick, camera, pixel) {
    const { context } = this;
    const edges = offset(line, CARPET_HALF_WIDTH);
    const left = project(edges.left, camera);
    const right = project(edges.right, camera);
    if (left.length < 2 || right.length < 2) return;
    const nearest = Math.max(left[0][1], right[0][1]);
    const farthest = Math.min(left.at(-1)[1], right.at(-1)[1]);
    const braking = tick.acceleration < -0.7;
    const colour = braking ? "255 176 82" : "64 224 208";
    const fill = context.createLinearGradient(0, nearest, 0, Math.min(farthest, nearest - 1));
    fill.addColorStop(0, `rgb(${colour} / 0.12)`);
    fill.addColorStop(0.25, `rgb(${colour} / 0.5)`);
    fill.addColorStop(1, `rgb(${colour} / 0.3)`);
    context.fillStyle = fill;
    context.beginPath();
    for (const [u, v] of left) context.lineTo(u, v);
    for (const [u, v] of right.toReversed()) context.lineTo(u, v);
    context.closePath();
    context.fill();
    context.lineWidth = 2 * pixel * (devicePixelRatio || 1);
    context.strokeStyle = `rgb(${colour} / 0.85)`;
    for (const edge of [left, right]) {
      context.beginPath();
      for (const [u, v] of edge) context.lineTo(u, v);
      context.stroke();
    }
    if (stepLength(line) < STANDS) {
      context.lineWidth = 5 * pixel * (devicePixelRatio || 1);
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(...left.at(-1));
      context.lineTo(...right.at(-1));
      context.stroke();
      context.lineCap = "butt";
    }
  }

  #stroke(points, camera) {
    this.context.beginPath();
    for (const [u, v] of project(points, camera)) this.context.lineTo(u, v);
    this.context.stroke();
  }
}

// The K trajectories of a tick as [[x, y], …], each beginning at the car.
export function trajectories(tick) {
  const numbers = new Float32Array(tick.blobs.lines);
  const count = tick.proposals;
  const steps = numbers.length / 2 / count;
  return Array.from({ length: count }, (_, index) => {
    const line = [[0, 0]];
    for (let step = 0; step < steps; step++) {
      const at = 2 * (index * steps + step);
      line.push([numbers[at], numbers[at + 1]]);
    }
    return line;
  });
}

// Pixels of ground points; what lies behind the near plane is cut off where the line crosses it.
export function project(points, camera) {
  const [cosYaw, sinYaw] = [Math.cos(camera.yaw), Math.sin(camera.yaw)];
  const [cosPitch, sinPitch] = [Math.cos(camera.pitch), Math.sin(camera.pitch)];
  const seen = points.map(([x, y, z]) => {
    const [dx, dy, dz] = [x - camera.position[0], y - camera.position[1], z - camera.position[2]];
    const ahead = cosYaw * dx + sinYaw * dy;
    return { side: cosYaw * dy - sinYaw * dx, up: cosPitch * dz - sinPitch * ahead, depth: cosPitch * ahead + sinPitch * dz };
  });
  const pixels = [];
  seen.forEach((point, index) => {
    const before = seen[index - 1];
    if (before && before.depth < NEAR !== point.depth < NEAR) {
      const share = (NEAR - before.depth) / (point.depth - before.depth);
      pixels.push(pixel({ side: mix(before.side, point.side, share), up: mix(before.up, point.up, share), depth: NEAR }, camera));
    }
    if (point.depth >= NEAR) pixels.push(pixel(point, camera));
  });
  return pixels;
}

function pixel({ side, up, depth }, camera) {
  return [camera.width / 2 - (camera.focal * side) / depth, camera.height / 2 - (camera.focal * up) / depth];
}

function mix(a, b, share) {
  return a + share * (b - a);
}

// A line's two edges at `half` metres, on the ground.
function offset(line, half) {
  const left = [];
  const right = [];
  line.forEach(([x, y], index) => {
    const [ax, ay] = line[Math.max(index - 1, 0)];
    const [bx, by] = line[Math.min(index + 1, line.length - 1)];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const [nx, ny] = length < 1e-3 ? [0, 1] : [-(by - ay) / length, (bx - ax) / length];
    left.push([x + half * nx, y + half * ny, 0]);
    right.push([x - half * nx, y - half * ny, 0]);
  });
  return { left, right };
}

function stepLength(line) {
  const [[ax, ay], [bx, by]] = line.slice(-2);
  return Math.hypot(bx - ax, by - ay);
}

// Place of each value among them, 0 for the lowest.
function ranks(values) {
  const order = values.map((value, index) => [value ?? -Infinity, index]).sort((a, b) => a[0] - b[0]);
  const places = [];
  order.forEach(([, index], place) => {
    places[index] = place;
  });
  return places;
}
