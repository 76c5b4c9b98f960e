// Pictures of a network that learns from two features. `scene` holds what stays the same:
//
// classes (names, or null for a regressor), range (of the targets of a regressor), features (names),
// box ([[x0, x1], [y0, y1]] of the picture), resolution and map (points in each direction),
// points and targets of the samples, test (the same of the test samples, or null), sizes of the
// layers, drawn (the neurons of each layer that are drawn).
//
// A frame holds what changes: decision (bytes, from the top left), certainty (bytes; of more than two
// classes), margins (if known: arrays that are 0 where the answer changes), maps (bytes for each drawn
// neuron), weights and biases (of drawn neurons).

let scene, colours;

// -- colours ------------------------------------------------------------------------------------

const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#6f6f6f"];
const HEAT = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"].map(rgb);  // viridis

function rgb(colour) {
  const n = parseInt(colour.slice(1), 16);
  return [n >> 16, n >> 8 & 255, n & 255];
}
const mix = (a, b, share) => a.map((x, i) => x + (b[i] - x) * share);
const css = c => `rgb(${c.map(Math.round).join(" ")})`;
const packed = ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0;  // a pixel
const isSeveral = () => scene.classes !== null && scene.classes.length > 2;

function heat(share) {
  const at = Math.min(Math.max(share, 0), 1) * (HEAT.length - 1), k = Math.min(Math.floor(at), HEAT.length - 2);
  return mix(HEAT[k], HEAT[k + 1], at - k);
}

function classColour(k) {
  return rgb(isSeveral() ? PALETTE[k] : colours[k ? "plus" : "minus"]);
}

function chooseColours() {  // once for each theme and data set
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "faint", "line", "panel", "plus", "minus", "middle", "accent"];
  colours = Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
  const [minus, middle, plus] = [colours.minus, colours.middle, colours.plus].map(rgb);
  const signed = share => share < 0.5 ? mix(middle, minus, 1 - 2 * share) : mix(middle, plus, 2 * share - 1);
  const soft = share => mix(middle, signed(share), 0.75);
  const table = of => Uint32Array.from({ length: 256 }, (_, byte) => packed(of(byte / 255)));
  colours.answer = scene.classes === null ? heat : soft;
  colours.decision = table(colours.answer);
  colours.map = table(signed);
  colours.classes = isSeveral()
    ? scene.classes.map((_, k) => table(certainty => mix(middle, classColour(k), 0.75 * certainty)))
    : null;
}

// -- canvases -----------------------------------------------------------------------------------

function prepare(canvas, height) {  // as many pixels as the screen has
  const width = canvas.clientWidth, scale = window.devicePixelRatio || 1;
  const size = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) {
    canvas.style.height = height + "px";
    [canvas.width, canvas.height] = size;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.globalAlpha = 1;
  pen.font = "13px system-ui, sans-serif";
  return [pen, width];
}

const tiles = new Map();

function tile(key, n, pixelOf) {  // a picture of n x n pixels, in the same canvas each time
  let [canvas, data] = tiles.get(key) ?? [null, null];
  if (canvas?.width !== n) {
    canvas = document.createElement("canvas");
    canvas.width = canvas.height = n;
    data = canvas.getContext("2d").createImageData(n, n);
    tiles.set(key, [canvas, data]);
  }
  const pixels = new Uint32Array(data.data.buffer);
  for (let i = 0; i < n * n; i++) pixels[i] = pixelOf(i);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}

const SHAPES = [  // so that classes differ by more than colour
  (p, r) => p.arc(0, 0, r, 0, 7),
  (p, r) => p.rect(-r * .9, -r * .9, 1.8 * r, 1.8 * r),
  (p, r) => { p.moveTo(0, -1.2 * r); p.lineTo(1.1 * r, .9 * r); p.lineTo(-1.1 * r, .9 * r); p.closePath(); },
  (p, r) => { p.moveTo(0, -1.3 * r); p.lineTo(1.3 * r, 0); p.lineTo(0, 1.3 * r); p.lineTo(-1.3 * r, 0); p.closePath(); },
  (p, r) => { p.moveTo(0, 1.2 * r); p.lineTo(1.1 * r, -.9 * r); p.lineTo(-1.1 * r, -.9 * r); p.closePath(); },
  (p, r) => { for (let k = 0; k < 6; k++) p.lineTo(1.15 * r * Math.cos(k * Math.PI / 3), 1.15 * r * Math.sin(k * Math.PI / 3)); p.closePath(); },
  (p, r) => { for (let k = 0; k < 10; k++) { const q = (k % 2 ? .5 : 1.3) * r; p.lineTo(q * Math.sin(k * Math.PI / 5), -q * Math.cos(k * Math.PI / 5)); } p.closePath(); },
  (p, r) => { const w = .45 * r, l = 1.2 * r; for (const [x, y] of [[-w,-l],[w,-l],[w,-w],[l,-w],[l,w],[w,w],[w,l],[-w,l],[-w,w],[-l,w],[-l,-w],[-w,-w]]) p.lineTo(x, y); p.closePath(); },
];

function mark(pen, x, y, shape, fill, r = 4.5, edge = colours.paper) {
  pen.translate(x, y);
  pen.beginPath();
  SHAPES[shape % SHAPES.length](pen, r);
  pen.fillStyle = fill;
  pen.fill();
  pen.lineWidth = 1.2;
  pen.strokeStyle = edge;
  pen.stroke();
  pen.translate(-x, -y);
}

const short = x => !Number.isFinite(x) ? "not a number" : Math.abs(x) >= 1e4 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(1) : String(+x.toPrecision(3));

// -- the decision -------------------------------------------------------------------------------

const SCALE_WIDTH = 58;  // of the colour scale beside the picture, with its numbers

function decisionLayout() {  // where the picture is within its canvas
  const canvas = $("decision"), left = 44, foot = 36, right = isSeveral() ? 6 : SCALE_WIDTH;
  const side = Math.min(canvas.clientWidth - left - right, 420);
  return { canvas, left, top: 6, w: side, h: side, height: side + foot + 6 };
}

function drawDecision(frame, highlighted = null) {
  const { canvas, left, top, w, h, height } = decisionLayout(), [pen] = prepare(canvas, height);
  const { resolution: n, box: [[x0, x1], [y0, y1]] } = scene;
  const pixelOf = isSeveral()
    ? i => colours.classes[frame.decision[i]][frame.certainty[i]]
    : i => colours.decision[frame.decision[i]];
  pen.drawImage(tile("decision", n, pixelOf), left, top, w, h);
  drawBoundary(pen, frame, left, top, w, h);
  const place = ([x, y]) => [left + (x - x0) / (x1 - x0) * w, top + (y1 - y) / (y1 - y0) * h];
  const ink = rgb(colours.ink);
  const drawSamples = (points, targets, edge, r) => points.forEach((point, s) => {
    const target = targets[s], [x, y] = place(point);
    const fill = scene.classes === null ? css(heat(target)) : css(mix(classColour(target), ink, .15));
    mark(pen, x, y, scene.classes === null ? 0 : target, fill, r, edge);
  });
  const r = scene.points.length > 200 ? 3.5 : 4.5;
  if (scene.test) drawSamples(scene.test.points, scene.test.targets, colours.ink, r - 1.2);
  drawSamples(scene.points, scene.targets, colours.paper, r);
  if (highlighted) ring(pen, ...place(highlighted));
  if (cursor) drawCursor(pen, ...place(cursor));
  pen.fillStyle = colours.faint;
  pen.textBaseline = "top";
  pen.textAlign = "left"; pen.fillText(short(x0), left, top + h + 4);
  pen.textAlign = "right"; pen.fillText(short(x1), left + w, top + h + 4);
  pen.textAlign = "center"; pen.fillText(scene.features[0], left + w / 2, top + h + 18, w);
  pen.textAlign = "right"; pen.fillText(short(y1), left - 5, top);
  pen.textBaseline = "bottom"; pen.fillText(short(y0), left - 5, top + h);
  if (!isSeveral()) drawScale(pen, left + w + 10, top, h);
  pen.translate(14, top + h / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center"; pen.fillText(scene.features[1], 0, 0, h);
  const answer = cursor ? reading(frame, cursor) : "";
  if ($("answer").textContent !== answer) $("answer").textContent = answer;
}

function drawScale(pen, left, top, h) {  // what the colours mean
  for (let k = 0; k < 64; k++) {
    pen.fillStyle = css(colours.answer(1 - (k + .5) / 64));
    pen.fillRect(left, top + k * h / 64, 12, h / 64 + .5);
  }
  const [low, high] = scene.classes === null ? scene.range : [0, 1];
  pen.fillStyle = colours.faint;
  pen.textAlign = "left";
  for (const [share, baseline] of [[0, "bottom"], [.5, "middle"], [1, "top"]]) {
    pen.textBaseline = baseline;
    pen.fillText(short(low + share * (high - low)), left + 16, top + (1 - share) * h, SCALE_WIDTH - 28);
  }
}

function ring(pen, x, y) {
  pen.beginPath();
  pen.arc(x, y, 9, 0, 7);
  pen.lineWidth = 2.5;
  pen.strokeStyle = colours.ink;
  pen.stroke();
}

function drawCursor(pen, x, y) {
  pen.lineWidth = 1.5;
  pen.strokeStyle = colours.ink;
  pen.beginPath();
  pen.moveTo(x - 10, y); pen.lineTo(x + 10, y); pen.moveTo(x, y - 10); pen.lineTo(x, y + 10);
  pen.stroke();
}

function drawBoundary(pen, frame, left, top, w, h) {  // where the answer changes; of numbers, contours
  const n = scene.resolution, px = i => left + (i + .5) * w / n, py = j => top + (j + .5) * h / n;
  const drawLine = (x1, y1, x2, y2) => {
    pen.moveTo(px(x1), py(y1));
    pen.lineTo(px(x2), py(y2));
  };
  pen.beginPath();
  if (frame.margins) {
    for (const margin of frame.margins) contour(margin, n, 0, drawLine);
  } else if (isSeveral()) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        const here = frame.decision[j * n + i], x = left + i * w / n, y = top + j * h / n;
        if (i && frame.decision[j * n + i - 1] !== here) { pen.moveTo(x, y); pen.lineTo(x, y + h / n); }
        if (j && frame.decision[(j - 1) * n + i] !== here) { pen.moveTo(x, y); pen.lineTo(x + w / n, y); }
      }
    }
  } else {
    for (const level of scene.classes === null ? [.25, .5, .75] : [.5]) {
      contour(frame.decision, n, 255 * level, drawLine);
    }
  }
  pen.lineWidth = scene.classes === null ? 1 : 2;
  pen.strokeStyle = colours.ink;
  pen.stroke();
}

function contour(values, n, level, line) {  // marching squares
  for (let j = 0; j < n - 1; j++) {
    for (let i = 0; i < n - 1; i++) {
      const k = j * n + i, corners = [values[k], values[k + 1], values[k + n + 1], values[k + n]];
      const ends = [];
      [[0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 0, 0]].forEach(([x1, y1, x2, y2], side) => {
        const a = corners[side] - level, b = corners[(side + 1) % 4] - level;
        if (a >= 0 === b >= 0) return;
        const share = a / (a - b);
        ends.push([i + x1 + share * (x2 - x1), j + y1 + share * (y2 - y1)]);
      });
      for (let e = 0; e + 1 < ends.length; e += 2) line(...ends[e], ...ends[e + 1]);
    }
  }
}

let cursor = null;  // a point of the picture whose answer is read out

function cell(frame, [x, y]) {  // the answer at a point, from the picture
  const { resolution: n, box: [[x0, x1], [y0, y1]] } = scene;
  const at = (share) => Math.min(Math.max(Math.floor(share * n), 0), n - 1);
  return at((y1 - y) / (y1 - y0)) * n + at((x - x0) / (x1 - x0));
}

function reading(frame, [x, y]) {
  const k = cell(frame, [x, y]), where = `${scene.features[0]} ${short(x)}, ${scene.features[1]} ${short(y)}: `;
  const share = frame.decision[k] / 255;
  if (scene.classes === null) {
    const [low, high] = scene.range, beyond = share === 0 ? "at most " : share === 1 ? "at least " : "";
    return `${where}${beyond}${short(low + share * (high - low))}`;
  }
  if (isSeveral()) return `${where}${scene.classes[frame.decision[k]]} with ${(frame.certainty[k] / 255).toFixed(2)}`;
  return `${where}${share.toFixed(2)} for ${scene.classes[1]}`;
}

function readDecision(redraw) {  // by pointer and by arrow keys; a finger leaves the cursor where it was
  const canvas = $("decision"), say = point => {
    cursor = point;
    redraw();
  };
  const pointAt = event => {
    const { left, top, w, h } = decisionLayout(), frame = canvas.getBoundingClientRect();
    const { box: [[x0, x1], [y0, y1]] } = scene;
    const across = (event.clientX - frame.left - left) / w, down = (event.clientY - frame.top - top) / h;
    return across < 0 || across > 1 || down < 0 || down > 1 ? null : [x0 + across * (x1 - x0), y1 - down * (y1 - y0)];
  };
  for (const name of ["pointerdown", "pointermove"]) canvas.addEventListener(name, event => say(pointAt(event)));
  canvas.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") say(null); });
  canvas.addEventListener("blur", () => say(null));
  canvas.addEventListener("keydown", event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const { box } = scene, from = cursor ?? box.map(([low, high]) => (low + high) / 2);
    say(from.map((x, d) => {
      const [low, high] = box[d];
      return Math.min(Math.max(x + step[d] * (high - low) / 24, low), high);
    }));
  });
  return pointAt;
}

// -- the network --------------------------------------------------------------------------------

const NODE = 32, ROOM = 40, HEAD = 34;
let lines = [], selected = null;  // a selected weight: layer k, from i to j (places among the drawn)

const subscript = n => String(n).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit]);

function layerName(k) {
  const last = scene.sizes.length - 1;
  return k === 0 ? "inputs" : k === last ? "output" : last === 2 ? "hidden" : `hidden ${k}`;
}

function neuronName(k, place) {
  const i = scene.drawn[k][place];
  if (k === 0) return scene.sizes[0] === scene.features.length ? scene.features[i] : `input ${i + 1}`;
  if (k === scene.sizes.length - 1) return scene.sizes[k] === 1 ? "the output" : `output ${scene.classes?.[i] ?? i + 1}`;
  return `${layerName(k)}, neuron ${i + 1}`;
}

const weightName = ({ k, i, j }) => i === null
  ? `bias of ${neuronName(k + 1, j)}`
  : `weight from ${neuronName(k, i)} to ${neuronName(k + 1, j)}`;
const weightValue = (frame, { k, i, j }) => i === null ? frame.biases[k][j] : frame.weights[k][i][j];

function drawNetwork(frame) {
  const canvas = $("network"), most = Math.max(...scene.drawn.map(layer => layer.length));
  const height = Math.max(most * ROOM, 200) + HEAD + 22, [pen, width] = prepare(canvas, height);
  const columns = scene.drawn.length;
  const x = k => 34 + (width - 68) * (columns === 1 ? .5 : k / (columns - 1));
  const y = (k, i) => HEAD + (height - HEAD - 22) / 2 + (i - (scene.drawn[k].length - 1) / 2) * ROOM;
  lines = [];
  frame.weights.forEach((W, k) => {
    let largest = 0;
    for (const row of W) for (const w of row) largest = Math.max(largest, Math.abs(w));
    W.forEach((row, i) => row.forEach((w, j) => {
      const line = { k, i, j, x1: x(k) + NODE / 2, y1: y(k, i), x2: x(k + 1) - NODE / 2, y2: y(k + 1, j) };
      const share = largest ? Math.abs(w) / largest : 0;
      lines.push(line);
      pen.lineWidth = 0.3 + 4 * share;
      pen.strokeStyle = w >= 0 ? colours.plus : colours.minus;
      pen.setLineDash(w >= 0 ? [] : [5, 3]);
      pen.globalAlpha = 0.25 + 0.7 * share;
      stroke(pen, line);
    }));
    scene.drawn[k + 1].forEach((_, j) => lines.push({ k, i: null, j, x1: x(k + 1), y1: y(k + 1, j), x2: x(k + 1), y2: y(k + 1, j) }));
  });
  pen.globalAlpha = 1;
  pen.setLineDash([]);
  scene.drawn.forEach((layer, k) => layer.forEach((_, i) => {
    const left = x(k) - NODE / 2, top = y(k, i) - NODE / 2, map = frame.maps[k][i];
    pen.drawImage(tile(`${k} ${i}`, scene.map, p => colours.map[map[p]]), left, top, NODE, NODE);
    pen.lineWidth = 1.2;
    pen.strokeStyle = colours.ink;
    pen.strokeRect(left, top, NODE, NODE);
  }));
  drawSelected(pen);
  pen.fillStyle = colours.faint;
  pen.textAlign = "center";
  const isNarrow = x(1) - x(0) < pen.measureText("hidden 8").width + 6;
  scene.sizes.forEach((size, k) => {
    pen.textBaseline = "top";
    pen.fillText(isNarrow && k > 0 && k < columns - 1 ? k : layerName(k), x(k), 2);
    const hidden = size - scene.drawn[k].length;
    if (hidden) { pen.textBaseline = "bottom"; pen.fillText(`+ ${hidden}`, x(k), height - 2); }
  });
}

function stroke(pen, { x1, y1, x2, y2 }) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

const isSame = (a, b) => a && b && a.k === b.k && a.i === b.i && a.j === b.j;

function drawSelected(pen) {
  const line = lines.find(line => isSame(line, selected));
  if (!line) return;
  pen.lineWidth = 3;
  pen.strokeStyle = colours.ink;
  if (line.i === null) pen.strokeRect(line.x1 - NODE / 2 - 2, line.y1 - NODE / 2 - 2, NODE + 4, NODE + 4);
  else stroke(pen, line);
}

function lineAt(x, y) {  // the weight or bias under the pointer
  const isOn = line => line.i === null && Math.abs(x - line.x1) < NODE / 2 && Math.abs(y - line.y1) < NODE / 2;
  const bias = lines.find(isOn);
  if (bias) return bias;
  let best = null, least = 7;
  for (const line of lines) {
    if (line.i === null || x < line.x1 || x > line.x2) continue;
    const height = line.y1 + (line.y2 - line.y1) * (x - line.x1) / (line.x2 - line.x1);
    const slope = (line.y2 - line.y1) / (line.x2 - line.x1);
    const distance = Math.abs(y - height) / Math.hypot(1, slope);
    if (distance < least) [best, least] = [line, distance];
  }
  return best;
}

function readNetwork(select) {  // by pointer and by arrow keys; select({ k, i, j })
  const canvas = $("network");
  let isKept = false;  // after a click or a key the selection does not follow the pointer
  const under = event => {
    const frame = canvas.getBoundingClientRect();
    return lineAt(event.clientX - frame.left, event.clientY - frame.top);
  };
  canvas.addEventListener("pointermove", event => {
    const line = under(event);
    if (line && !isSame(line, selected) && !(isKept && selected)) select(line);
  });
  canvas.addEventListener("pointerdown", event => {
    const line = under(event);
    isKept = line !== null;
    if (line) select(line);
  });
  canvas.addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    isKept = true;
    const now = lines.findIndex(line => isSame(line, selected));
    select(lines[now < 0 ? 0 : (now + step + lines.length) % lines.length]);
  });
}

// -- the loss -----------------------------------------------------------------------------------

// `curves`: up to two lists of numbers, one for each epoch (null where there is none); the second, of
// other samples, is dashed and may begin later. `now` is the epoch shown, `best` the best one or null.
function drawCurve(curves, { now, n, best = null }) {
  const height = 230, left = 52, foot = 34, [pen, width] = prepare($("curve"), height);
  const w = width - left - 12, h = height - foot - 10, stride = Math.ceil(n / Math.max(w, 1));
  const points = curves.map(curve => extremes(curve, stride));
  const heights = points.flat().map(([, v]) => v).filter(v => Number.isFinite(v));
  const top = Math.max(...heights, -Infinity), bottom = Math.min(0, ...heights);
  const x = epoch => left + (n === 1 ? .5 : (epoch - 1) / (n - 1)) * w;
  const y = v => 10 + (top - v) / (top - bottom || 1) * h;
  pen.strokeStyle = colours.line;
  pen.strokeRect(left, 10, w, h);
  points.forEach((curve, k) => {
    pen.beginPath();
    pen.setLineDash(k ? [6, 4] : []);
    pen.lineWidth = 2;
    pen.strokeStyle = k ? colours.minus : colours.plus;
    const before = curves[0].length - curves[k].length;
    let drawn = false;
    curve.forEach(([i, v]) => {
      if (!Number.isFinite(v)) { drawn = false; return; }
      pen[drawn ? "lineTo" : "moveTo"](x(before + i + 1), y(v));
      drawn = true;
    });
    pen.stroke();
  });
  pen.setLineDash([]);
  pen.strokeStyle = colours.faint;
  pen.lineWidth = 1;
  if (now) stroke(pen, { x1: x(now), y1: 10, x2: x(now), y2: 10 + h });
  if (best !== null) {
    pen.setLineDash([2, 3]);
    stroke(pen, { x1: x(best), y1: 10, x2: x(best), y2: 10 + h });
    pen.setLineDash([]);
  }
  const loss = curves[0][now - 1];
  if (Number.isFinite(loss)) mark(pen, x(now), y(loss), 0, colours.ink, 5.5);
  pen.fillStyle = colours.faint;
  pen.textAlign = "right";
  if (heights.length) {
    pen.textBaseline = "top"; pen.fillText(short(top), left - 6, 8);
    pen.textBaseline = "bottom"; pen.fillText(short(bottom), left - 6, 12 + h);
  }
  pen.textBaseline = "top";
  pen.textAlign = "left"; pen.fillText("1", left, height - foot + 6);
  pen.textAlign = "right"; pen.fillText(String(n), left + w, height - foot + 6);
  pen.textAlign = "center"; pen.fillText("epoch", left + w / 2, height - foot + 6);
}

function extremes(curve, stride) {  // [place, number] of the least and the largest of each `stride` numbers
  const points = [];
  for (let start = 0; start < curve.length; start += stride) {
    let least = start, largest = start;
    for (let i = start + 1; i < Math.min(start + stride, curve.length); i++) {
      if (!Number.isFinite(curve[i])) continue;
      if (!(curve[least] <= curve[i])) least = i;
      if (!(curve[largest] >= curve[i])) largest = i;
    }
    for (const i of new Set([Math.min(least, largest), Math.max(least, largest)])) points.push([i, curve[i]]);
  }
  return points;
}

// -- legends ------------------------------------------------------------------------------------

const ICONS = ["<circle cx='8' cy='8' r='6'/>", "<rect x='2' y='2' width='12' height='12'/>",
  "<path d='M8 1 15 14H1Z'/>", "<path d='M8 0 16 8 8 16 0 8Z'/>", "<path d='M8 15 15 2H1Z'/>",
  "<path d='M15 8 12 14H4L1 8 4 2H12Z'/>", "<path d='M8 0 10 5 16 6 11 10 13 16 8 12 3 16 5 10 0 6 6 5Z'/>",
  "<path d='M5 1H11V5H15V11H11V15H5V11H1V5H5Z'/>"];
const icon = (shape, colour) => `<svg viewBox="0 0 16 16" fill="${colour}" aria-hidden="true">${ICONS[shape % 8]}</svg>`;
const lineIcon = (colour, dash) => `<svg viewBox="0 0 32 16" style="width:2em" aria-hidden="true">` +
  `<path d="M0 8H32" stroke="${colour}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;

function fillLegend(id, items) {  // pairs of an icon and a text; texts may be anything, so they stay texts
  $(id).replaceChildren(...items.map(([svg, text]) => {
    const li = document.createElement("li");
    li.innerHTML = svg;
    li.append(text);
    return li;
  }));
}

function decisionLegend(extra) {
  fillLegend("legend", [
    ...(scene.classes ?? []).map((name, k) => [icon(k, css(classColour(k))), name]),
    ...(scene.test ? [["", "small: test samples"]] : []),
    ...(isSeveral() ? [["", "paler: less certain"]] : []),
    ["", scene.classes === null ? "lines: a quarter, half and three quarters of the scale" : "line: where the answer changes"],
    ...extra,
  ]);
}

function networkLegend() {
  fillLegend("signs", [
    [lineIcon(colours.plus, ""), "positive weight"],
    [lineIcon(colours.minus, "5 3"), "negative weight"],
    ["", "the thicker, the larger in its layer"],
    ...(scene.sizes.some((size, k) => size > scene.drawn[k].length) ? [["", "+ n: so many more neurons"]] : []),
  ]);
}
