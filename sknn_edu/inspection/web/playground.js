// The page: settings, training in the browser, and the run that was recorded in Python.

const MAP = 3;          // a neuron's map takes every third point of the picture
const BUDGET = 8;       // milliseconds of a frame to train in
const MAX_EPOCHS = 100000;  // then the training pauses, so that the curves cannot fill the memory

let facts, data, training, recorded = null, playing = false, shownFrame = null, isEdited = false, testCurve = [];
const parameters = {};  // of the estimator, by the names that Python gives them

// -- settings -----------------------------------------------------------------------------------

const isClassifier = () => facts.kind !== "MLPRegressor";
const isPerceptron = () => facts.kind === "PerceptronClassifier";
const hasHidden = () => facts.kind.startsWith("MLP");
const isOwnData = () => $("data").value === "yours";

const SOLVERS = {
  MLP: { "sgd, no momentum": { solver: "sgd", momentum: 0 }, "sgd, momentum": { solver: "sgd" }, "adam": { solver: "adam" } },
  SigmoidNeuronClassifier: { "gd, all samples": { solver: "gd" }, "sgd": { solver: "sgd" }, "adam": { solver: "adam" } },
};
const solvers = () => SOLVERS[hasHidden() ? "MLP" : facts.kind];

function engineSettings(n_inputs, n_outputs, n) {
  const p = parameters, isNetwork = hasHidden();
  const output = !isClassifier() ? "identity" : n_outputs > 1 ? "softmax" : "logistic";
  return {
    kind: isPerceptron() ? "perceptron" : "network",
    sizes: [n_inputs, ...(isNetwork ? p.hidden_layer_sizes : []), n_outputs],
    activation: isNetwork ? p.activation : "identity", loss: `${facts.loss} ${output}`, starts_at_zero: !isNetwork,
    solver: p.solver === "adam" ? "adam" : "sgd", learning_rate_init: p.learning_rate_init, alpha: p.alpha,
    momentum: isNetwork ? p.momentum : 0, nesterovs_momentum: isNetwork && p.nesterovs_momentum,
    beta_1: p.beta_1 ?? 0.9, beta_2: p.beta_2 ?? 0.999, epsilon: p.epsilon ?? 1e-8,
    batch_size: p.solver === "gd" ? n : p.batch_size === "auto" ? 200 : p.batch_size,
    shuffle: p.shuffle && p.solver !== "gd", seed: p.random_state, eta0: p.eta0, fit_intercept: p.fit_intercept,
  };
}

function options(id, items, chosen, labels = String) {
  const values = items.includes(chosen) ? items : [...items, chosen].sort((a, b) => a - b);
  $(id).replaceChildren(...values.map(value => {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = labels(value);
    option.selected = value === chosen;
    return option;
  }));
}

function fillSettings() {
  const sources = classics(isClassifier()), p = parameters;
  options("data", ["yours", ...Object.keys(sources)], "yours", key => key === "yours" ? "yours" : sources[key].name);
  $("noise").value = 0;
  $("noise").disabled = facts.has_steps;
  $("seed").value = p.random_state;
  for (const setting of document.querySelectorAll("[data-for]")) {
    setting.hidden = !setting.dataset.for.split(" ").some(name => name in p);
  }
  const rates = [.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10];
  options("learning_rate", rates, p.learning_rate_init ?? p.eta0, digits);
  if (isPerceptron()) return;
  options("alpha", [0, .0001, .001, .01, .1, 1, 10], p.alpha);
  options("batch_size", [...new Set(["auto", 1, 2, 5, 10, 20, 50, 100, 200, p.batch_size])], p.batch_size);
  const solver = p.momentum === 0 && p.solver === "sgd" ? "sgd, no momentum" : null;
  const chosen = solver ?? Object.keys(solvers()).find(name => solvers()[name].solver === p.solver && !("momentum" in solvers()[name]));
  options("solver", Object.keys(solvers()), chosen);
  if (!hasHidden()) return;
  options("activation", Object.keys(ACTIVATIONS), p.activation);
  fillLayers();
}

function fillLayers() {
  const sizes = parameters.hidden_layer_sizes, button = (text, label, isOff, change) => {
    const element = document.createElement("button");
    Object.assign(element, { type: "button", textContent: text, disabled: isOff });
    element.setAttribute("aria-label", label);
    element.addEventListener("click", () => {
      change();
      fillLayers();
      restart();
      const buttons = [...$("layers").querySelectorAll("button:enabled")];  // new ones: the focus stays
      (buttons.find(button => button.textContent === text) ?? buttons[0]).focus();
    });
    return element;
  };
  const inputs = sizes.map((size, k) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "number", min: 1, max: Math.max(facts.most.neurons, size), step: 1, value: size });
    input.setAttribute("aria-label", `Neurons of hidden layer ${k + 1}`);
    input.addEventListener("change", () => {
      sizes[k] = Math.min(Math.max(Math.round(+input.value) || 1, 1), input.max);
      input.value = sizes[k];
      restart();
    });
    return input;
  });
  $("layers").replaceChildren(
    button("−", "Remove the last hidden layer", sizes.length === 0, () => sizes.pop()), ...inputs,
    button("+", "Add a hidden layer", sizes.length === facts.most.layers, () => sizes.push(sizes.at(-1) ?? 4)));
}

function readSettings(changed) {  // from the control that has changed
  const value = $(changed).value, p = parameters;
  if (changed === "learning_rate") p[isPerceptron() ? "eta0" : "learning_rate_init"] = +value;
  if (changed === "alpha") p.alpha = +value;
  if (changed === "batch_size") p.batch_size = value === "auto" ? value : +value;
  if (changed === "activation") p.activation = value;
  if (changed === "solver") Object.assign(p, hasHidden() ? { momentum: facts.parameters.momentum || 0.9 } : {}, solvers()[value]);
  if (changed === "seed") {
    p.random_state = Math.min(Math.max(Math.round(+value) || 0, 0), 2 ** 32 - 1);
    $("seed").value = p.random_state;
  }
  if (changed === "noise") $("noise").value = noise();
  if (changed === "data") {
    $("noise").value = isOwnData() ? 0 : classics(isClassifier())[value].noise;
    $("noise").disabled = isOwnData() && facts.has_steps;
  }
}

const noise = () => Math.min(Math.max(+$("noise").value || 0, 0), 1);

// -- data ---------------------------------------------------------------------------------------

function ownData() {
  const part = ({ X, points, y }) => ({ X: Float64Array.from(X), points: points ?? undefined, y, n: y.length });
  const own = {
    train: part(facts.train), test: facts.test && part(facts.test), features: facts.features,
    classes: facts.classes, range: facts.range, n_inputs: facts.n_inputs,
  };
  const rng = new RandomState(0);
  if (noise()) addOwnNoise(own, rng);
  return own;
}

function addOwnNoise(own, rng) {  // to the features of a classifier, to the target of a regressor
  const { train } = own, spread = values => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  };
  if (isClassifier()) {
    const spreads = [0, 1].map(d => spread(train.X.filter((_, i) => i % 2 === d)));
    train.X = train.X.map((x, i) => x + noise() * rng.normal() * spreads[i % 2]);
    train.points = pairs(train.X, (a, b) => [a, b]);
  } else {
    const scale = noise() * spread(train.y);
    train.y = train.y.map(y => y + scale * rng.normal());
  }
}

function withPoints(part) {
  return part && { ...part, points: part.points ?? pairs(part.X, (a, b) => [a, b]) };
}

function chooseData() {
  const chosen = isOwnData() ? ownData() : { n_inputs: 2, ...classic($("data").value, noise(), isClassifier()) };
  data = { ...chosen, train: withPoints(chosen.train), test: withPoints(chosen.test) };
  data.n_outputs = data.classes && data.classes.length > 2 ? data.classes.length : 1;
}

function targets(y) {  // as the loss needs them
  if (data.n_outputs === 1) return Float64Array.from(y);
  const Y = new Float64Array(y.length * data.n_outputs);
  y.forEach((label, s) => { Y[s * data.n_outputs + label] = 1; });
  return Y;
}

function pictureBox() {
  if (isOwnData() && !noise()) return facts.box;
  const points = [...data.train.points, ...(data.test?.points ?? [])];
  return [0, 1].map(d => {
    const values = points.map(point => point[d]), low = Math.min(...values), high = Math.max(...values);
    const margin = 0.15 * (high > low ? high - low : 1);
    return [low - margin, high + margin];
  });
}

function gridInputs(box, n) {  // the inputs at the centres of all pixels, from the top left
  if (isOwnData() && facts.grid) return Float64Array.from(facts.grid);
  const [[x0, x1], [y0, y1]] = box, inputs = new Float64Array(2 * n * n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      inputs[2 * (j * n + i)] = x0 + (x1 - x0) * (i + .5) / n;
      inputs[2 * (j * n + i) + 1] = y1 - (y1 - y0) * (j + .5) / n;
    }
  }
  return inputs;
}

function drawnNeurons(size) {
  const most = facts.most.drawn, half = most / 2, all = Array.from({ length: size }, (_, i) => i);
  return size <= most ? all : [...all.slice(0, half), ...all.slice(-half)];
}

function setScene() {
  const n = facts.resolution, box = pictureBox(), { train, test, classes, range, features } = data;
  const shares = y => classes ? y : y.map(y => (y - range[0]) / (range[1] - range[0] || 1));
  const sizes = training.settings.sizes;
  scene = {
    classes, range, features, box, resolution: n, map: n / MAP, sizes, drawn: sizes.map(drawnNeurons),
    points: train.points, targets: shares(train.y), grid: gridInputs(box, n),
    test: test && { points: test.points, targets: shares(test.y) },
  };
  if (selected && !(selected.j in (scene.drawn[selected.k + 1] ?? []) && (selected.i === null || selected.i in scene.drawn[selected.k]))) selected = null;
}

// -- pictures of the layers ---------------------------------------------------------------------

const asByte = share => Math.round(255 * Math.min(Math.max(Number.isFinite(share) ? share : .5, 0), 1));

function frameOf(layers) {
  const n = scene.resolution, points = n * n, outputs = training.layerOutputs(scene.grid, points, layers);
  const answers = outputs.at(-1), [low, high] = scene.range ?? [0, 1], k = data.n_outputs;
  const frame = { layers, decision: new Uint8Array(points), certainty: null, margins: null };
  const share = a => (a - low) / (high - low || 1);
  if (k === 1) for (let p = 0; p < points; p++) frame.decision[p] = asByte(share(answers[p]));
  else chooseClasses(frame, answers, k, points);
  if (isPerceptron()) frame.margins = [weightedSums(scene.grid, layers[0], points)];  // its step hides where z is 0
  frame.maps = outputs.map((a, layer) => mapsOf(a, layer, share));
  frame.weights = layers.map(({ n_out, W }, l) => scene.drawn[l].map(i => scene.drawn[l + 1].map(j => W[i * n_out + j])));
  frame.biases = layers.map(({ b }, l) => scene.drawn[l + 1].map(j => b[j]));
  return frame;
}

function chooseClasses(frame, answers, k, points) {
  frame.certainty = new Uint8Array(points);
  frame.margins = Array.from({ length: k }, () => new Float32Array(points));
  for (let p = 0; p < points; p++) {
    let best = 0, second = -1;
    for (let c = 1; c < k; c++) {
      if (answers[p * k + c] > answers[p * k + best]) [best, second] = [c, best];
      else if (second < 0 || answers[p * k + c] > answers[p * k + second]) second = c;
    }
    frame.decision[p] = best;
    frame.certainty[p] = asByte(answers[p * k + best]);
    for (let c = 0; c < k; c++) frame.margins[c][p] = answers[p * k + c] - answers[p * k + (c === best ? second : best)];
  }
}

function mapsOf(a, layer, share) {  // of each drawn neuron, relative to the largest output of its layer
  const n = scene.resolution, m = scene.map, width = scene.sizes[layer], isLast = layer === scene.sizes.length - 1;
  const at = (p, i) => a[((Math.floor(p / m) * MAP + 1) * n + p % m * MAP + 1) * width + i];
  const drawn = scene.drawn[layer], centre = drawn.map(() => 0);
  if (layer === 0) drawn.forEach((i, c) => { for (let p = 0; p < m * m; p++) centre[c] += at(p, i) / (m * m); });
  let largest = 0;
  drawn.forEach((i, c) => { for (let p = 0; p < m * m; p++) largest = Math.max(largest, Math.abs(at(p, i) - centre[c])); });
  return drawn.map((i, c) => Uint8Array.from({ length: m * m }, (_, p) =>
    asByte(isLast ? share(at(p, i)) : .5 + .5 * (at(p, i) - centre[c]) / (largest || 1))));
}

// -- what the page says -------------------------------------------------------------------------

function score(part) {  // accuracy, or R^2
  const outputs = training.outputs(part.X, part.n), k = data.n_outputs;
  if (data.classes) {
    let right = 0;
    part.y.forEach((label, s) => {
      const row = outputs.subarray(s * k, (s + 1) * k);
      right += label === (k === 1 ? (row[0] >= .5 ? 1 : 0) : row.indexOf(Math.max(...row)));
    });
    return right / part.n;
  }
  const mean = part.y.reduce((sum, y) => sum + y, 0) / part.n;
  const squares = of => part.y.reduce((sum, y, s) => sum + (y - of(s)) ** 2, 0);
  return 1 - squares(s => outputs[s]) / squares(() => mean);
}

const percent = share => data.classes ? `${(100 * share).toFixed(1)} %` : !Number.isFinite(share) ? "not defined"
  : Math.abs(share) < 1e4 ? share.toFixed(3) : short(share);

function liveWords() {
  const { n_epochs, loss_curve, start } = training, test = data.test;
  const step = start ? `, ${start} of ${training.data.n} samples into the next one` : "";
  const when = n_epochs || start ? `After ${n_epochs} epoch${n_epochs === 1 ? "" : "s"}${step}` : "Before training";
  const loss = n_epochs ? `, ${curveName()} ${short(loss_curve.at(-1))}` : "";
  const held = test ? `; test ${facts.score_name} ${percent(score(test))}, test ${isPerceptron() ? "share of mistakes" : "loss"} ${short(training.loss(test.X, test.Y, test.n))}` : "";
  return `${when}: training ${facts.score_name} ${percent(score(data.train))}${loss}${held}.${isEdited ? " Weights were edited by hand." : ""}` +
    (hasDiverged() ? " The training has diverged: a smaller learning rate may help." : "") +
    (n_epochs >= MAX_EPOCHS ? ` The page trains for at most ${MAX_EPOCHS} epochs.` : "");
}

const curveName = () => facts.recorded.curve_name;

function recordedWords(frame) {
  return `Recorded in Python, epoch ${frame.epoch}: ${curveName()} ${short(recorded.curve[frame.epoch - 1])}.`;
}

function describe(words) {
  $("summary").setAttribute("aria-live", playing ? "off" : "polite");
  $("summary").textContent = words;
  $("decision").setAttribute("aria-label", `The answers over ${scene.features[0]} and ${scene.features[1]}, with the samples. ${words}`);
  $("network").setAttribute("aria-label", `A network with ${scene.sizes.join(", ")} neurons in its layers. ${words}`);
  $("curve").setAttribute("aria-label", `${curveName()} over the epochs. ${words}`);
}

function python() {
  const p = parameters, n = Math.max(training.n_epochs, 1), changed = Object.entries(p).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(facts.defaults[name]));
  const shown = { ...Object.fromEntries(changed), max_iter: n, tol: isPerceptron() ? null : 0, n_iter_no_change: n, random_state: p.random_state };
  if (isPerceptron()) delete shown.n_iter_no_change;
  const literal = value => Array.isArray(value) ? `(${value.join(", ")}${value.length === 1 ? "," : ""})`
    : value === null ? "None" : typeof value === "boolean" ? (value ? "True" : "False")
    : typeof value === "string" ? JSON.stringify(value) : String(value);
  const call = Object.entries(shown).map(([name, value]) => `    ${name}=${literal(value)},\n`).join("");
  const source = isOwnData() ? facts.python + ownNoisePython() : classicPython($("data").value, noise(), isClassifier());
  const inPipeline = isOwnData() && facts.has_steps;
  const notes = [
    ...(inPipeline ? ["# pipeline: the one that the page was made from"] : []),
    ...(training.n_epochs === 0 ? ["# The page has not finished an epoch; this trains for one."] : []),
    ...(training.n_epochs && training.start ? ["# The page is within an epoch; this trains for the whole ones before it."] : []),
    ...(hasDiverged() ? ["# The training has diverged; fit raises an error when it does."] : []),
    ...(isEdited ? ["# Weights were edited by hand on the page; this is the run without the edits."] : []),
  ];
  const [before, after] = inPipeline ? ["make_pipeline(clone(pipeline[:-1]), ", ")"] : ["", ""];
  const imports = inPipeline ? "from sklearn.base import clone\nfrom sklearn.pipeline import make_pipeline\n" : "";
  return `${source}\n\n${imports}from sknn_edu import ${facts.kind}\n\n${notes.map(line => line + "\n").join("")}` +
    `model = ${before}${facts.kind}(\n${call})${after}\nmodel.fit(X_train, y_train)\n`;
}

function ownNoisePython() {
  if (!noise()) return "";
  const [of, scale] = isClassifier() ? ["X_train", "X_train.std(axis=0)"] : ["y_train", "y_train.std()"];
  return `\n\nimport numpy as np\n\n${of} = np.asarray(${of}, dtype=float)\n${of} = ${of} + np.random.RandomState(0).normal(size=${of}.shape) * ${noise()} * ${scale}`;
}

// -- drawing ------------------------------------------------------------------------------------

function frameNow() {
  if (recorded === null) return frameOf(training.layers);
  const frame = recorded.frames[+$("epoch").value];
  return { ...frameOf(frame.layers), epoch: frame.epoch };
}

function redraw() {  // the same numbers again, for another cursor, selection or width
  const frame = shownFrame;
  redrawDecision();
  drawNetwork(frame);
  if (recorded === null) drawCurve([training.loss_curve, testCurve], { now: training.n_epochs, n: Math.max(training.n_epochs, 2) });
  else drawCurve(recorded.validation ? [recorded.curve, recorded.validation] : [recorded.curve], { now: frame.epoch, n: recorded.curve.length });
  showWeight();
}

function show() {
  shownFrame = frameNow();
  $("answer").setAttribute("aria-live", playing ? "off" : "polite");
  redraw();
  const isLive = recorded === null;
  $("now").textContent = isLive ? `epoch ${training.n_epochs}` : `epoch ${shownFrame.epoch} of ${recorded.curve.length}`;
  $("epoch").setAttribute("aria-valuetext", $("now").textContent);
  if (playing) return;  // texts follow when it pauses
  describe(isLive ? liveWords() : recordedWords(shownFrame));
  $("python").textContent = python();
  $("copied").textContent = "";
  fillBoard();
}

function showWeight() {
  const field = $("weight");
  field.disabled = selected === null || recorded !== null;
  $("weight-name").textContent = selected ? weightName(selected) : "Point at a weight or a neuron; click to keep it";
  const value = selected ? digits(weightValue(shownFrame, selected)) : "";
  if (document.activeElement !== field) field.value = value;
  if (!playing) $("weight-said").textContent = selected ? `${weightName(selected)}: ${value}` : "";
}

function fillBoard() {
  if (!$("what").open || recorded !== null) return;
  const { batch } = training, chosen = +$("sample").value;
  if (!batch.length) {
    $("board").replaceChildren();
    sentence($("board"), "Nothing yet: press Step.");
    $("sample").replaceChildren();
    return;
  }
  options("sample", batch, batch.includes(chosen) ? chosen : batch[0], s => String(s + 1));
  writeBoard(training, +$("sample").value);
  redrawDecision();
}

function redrawDecision() {  // with a ring around the sample that is written out
  const isOpen = $("what").open && recorded === null && training.batch.length > 0;
  drawDecision(shownFrame, isOpen ? data.train.points[+$("sample").value] : null);
}

function recolour() {
  chooseColours();
  decisionLegend([]);
  networkLegend();
  const name = curveName();
  fillLegend("curves", [[lineIcon(colours.plus, ""), "training"],
    ...(data.test && !isPerceptron() && recorded === null ? [[lineIcon(colours.minus, "6 4"), "test, without the penalty"]] : [])]);
  $("curve-name").textContent = `${name[0].toUpperCase()}${name.slice(1)} of each epoch`;
  show();
}

// -- training -----------------------------------------------------------------------------------

function restart() {
  pause();
  chooseData();
  const { train, test, n_inputs, n_outputs } = data;
  const settings = engineSettings(n_inputs, n_outputs, train.n);
  if (test) test.Y = targets(test.y);
  const samples = { X: train.X, Y: targets(train.y), n: train.n, d: n_inputs, n_outputs };
  training = isPerceptron() ? new PerceptronTraining(settings, samples) : new Training(settings, samples);
  testCurve = [];
  isEdited = false;
  cursor = null;
  setScene();
  recolour();
}

function train(step) {
  const before = training.n_epochs;
  training[step]();
  if (training.n_epochs === before) return;
  if (data.test && !isPerceptron()) testCurve.push(training.loss(data.test.X, data.test.Y, data.test.n));
}

const hasDiverged = () => training.n_epochs > 0 && !Number.isFinite(training.loss_curve.at(-1));

function isOver() {  // no finite number left, or nothing left to learn
  return hasDiverged() || training.n_epochs >= MAX_EPOCHS || isPerceptron() && training.loss_curve.at(-1) === 0;
}

const isAtEnd = () => recorded !== null && +$("epoch").value === recorded.frames.length - 1;

function pause() {
  if (!playing) return;
  playing = false;
  $("play").textContent = recorded === null ? "Train" : "Play";
  show();
}

function play() {
  playing = true;
  $("play").textContent = "Pause";
  if (isAtEnd()) $("epoch").value = 0;
  let last = performance.now(), owed = 0;
  requestAnimationFrame(function next(now) {
    if (!playing) return;
    const perSecond = +$("speed").value, deadline = performance.now() + BUDGET;
    owed = perSecond ? Math.min(owed + (now - last) * perSecond / 1000, perSecond) : Infinity;
    last = now;
    const wasOwed = owed >= 1;
    while (owed >= 1 && playing) {
      owed -= 1;
      if (recorded !== null) $("epoch").value = +$("epoch").value + 1;
      else if (!isOver()) train("epoch");
      if (isAtEnd() || (recorded !== null ? !perSecond : isOver())) break;
      if (performance.now() > deadline) { owed = Math.min(owed, 1); break; }
    }
    if (recorded !== null ? isAtEnd() : isOver()) pause();
    else {
      if (wasOwed) show();
      requestAnimationFrame(next);
    }
  });
}

function once(step) {
  pause();
  train(step);
  show();
}

function chooseMode() {
  pause();
  const isLive = $("mode").value === "live";
  if (!isLive) {
    Object.assign(parameters, structuredClone(facts.parameters));
    fillSettings();
    restart();
  }
  recorded = isLive ? null : facts.recorded;
  for (const id of ["step", "one-epoch", "restart", "settings", "what", "code"]) $(id).hidden = !isLive;
  $("epoch").hidden = isLive;
  if (!isLive) $("epoch").value = recorded.frames.length - 1;
  $("play").textContent = isLive ? "Train" : "Play";
  recolour();
}

function readRecorded(bytes) {  // the parameters of each frame: W and b of each layer
  const theta = new Float64Array(bytes.buffer), { sizes } = facts.recorded;
  let start = 0;
  const next = n => theta.subarray(start, start += n);
  facts.recorded.frames = facts.recorded.epochs.map(epoch => ({
    epoch, layers: sizes.slice(1).map((n_out, k) => ({ n_in: sizes[k], n_out, W: next(sizes[k] * n_out), b: next(n_out) })),
  }));
}

function editWeight() {
  const { k, i, j } = selected, layer = training.layers[k], value = +$("weight").value;
  if ($("weight").value === "" || !Number.isFinite(value)) {
    $("weight").value = digits(weightValue(shownFrame, selected));
    return;
  }
  const from = i === null ? null : scene.drawn[k][i], to = scene.drawn[k + 1][j];
  if (from === null) layer.b[to] = value;
  else layer.W[from * layer.n_out + to] = value;
  isEdited = true;
  training.batch = [];  // what just happened is no longer what led here
  show();
}

unpack().then(([unpacked, bytes]) => {
  facts = unpacked;
  Object.assign(parameters, structuredClone(facts.parameters));
  readRecorded(bytes);
  fillSettings();
  colours = {};
  $("about").textContent = facts.about;
  $("epoch").hidden = true;
  $("epoch").max = facts.recorded.frames.length - 1;
  for (const id of ["data", "noise", "learning_rate", "alpha", "batch_size", "activation", "solver", "seed"]) {
    $(id).addEventListener("change", () => { readSettings(id); restart(); });
  }
  $("new-seed").addEventListener("click", () => {
    $("seed").value = Math.floor(Math.random() * 10000);
    readSettings("seed");
    restart();
  });
  $("play").addEventListener("click", () => playing ? pause() : play());
  $("step").addEventListener("click", () => once("step"));
  $("one-epoch").addEventListener("click", () => once("epoch"));
  $("restart").addEventListener("click", restart);
  $("mode").addEventListener("change", chooseMode);
  $("epoch").addEventListener("input", () => { pause(); show(); });
  $("weight").addEventListener("focus", pause);
  $("weight").addEventListener("change", editWeight);
  $("what").addEventListener("toggle", show);
  $("sample").addEventListener("change", () => { writeBoard(training, +$("sample").value); redrawDecision(); });
  $("copy").addEventListener("click", copy);
  const pointAt = readDecision(redraw);
  $("decision").addEventListener("click", event => chooseSample(pointAt(event)));
  readNetwork(weight => { selected = weight; redraw(); if (!playing) fillBoard(); });
  spacePlays();
  restart();
  followTheme(recolour);
  onResize(redraw);
}).catch(failed);

async function copy() {
  try {
    await navigator.clipboard.writeText($("python").textContent);  // there is no clipboard without https
    $("copied").textContent = "Copied.";
  } catch {
    $("copied").textContent = "The browser does not allow it; select the text and copy it.";
  }
}

function chooseSample(point) {  // the sample of the last mini-batch that is nearest to the pointer
  const { batch } = training, [[x0, x1], [y0, y1]] = scene.box;
  if (!point || !batch.length || !$("what").open) return;
  const distance = s => Math.hypot((data.train.points[s][0] - point[0]) / (x1 - x0), (data.train.points[s][1] - point[1]) / (y1 - y0));
  $("sample").value = batch.reduce((best, s) => distance(s) < distance(best) ? s : best);
  writeBoard(training, +$("sample").value);
  redraw();
}
