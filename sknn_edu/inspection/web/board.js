// What just happened: the last step, written out for one sample as on a blackboard.

const digits = x => Number.isFinite(x) ? String(+x.toPrecision(4)) : "not a number";

function boardRows(training, s) {  // of each layer: its title, then name, z, a and delta of each neuron
  const { settings, data, before } = training, last = before.length - 1;
  const x = rows(data.X, data.d, [s]), y = rows(data.Y, data.n_outputs, [s]);
  const a = training.layerOutputs(x, 1, before);
  const deltas = training instanceof PerceptronTraining ? null : backward(settings, before, a, y, 1).map(g => g.delta);
  return before.map((layer, k) => {
    const z = weightedSums(a[k], layer, 1), inputs = k === 0 ? "x" : `a${subscript(k)}`, n = subscript(k + 1);
    return {
      title: `${k === last ? "Output" : `Hidden layer ${k + 1}`}: z${n} = W${n}ᵀ ${inputs} + b${n}, a${n} = ${outputName(settings, k === last)}`,
      neurons: Array.from(z, (z, j) => [neuronNumber(k, j), z, a[k + 1][j], deltas?.[k][j]]),
    };
  });
}

function outputName(settings, isLast) {
  if (settings.kind === "perceptron") return "1 where z ≥ 0, else 0";
  return `${isLast ? settings.loss.split(" ")[1] : settings.activation}(z)`;
}

const neuronNumber = (k, j) => scene.sizes[k + 1] === 1 ? "the only neuron" : `neuron ${j + 1}`;

function sentence(parent, text) {
  const p = document.createElement("p");
  p.textContent = text;
  parent.append(p);
}

function tableRow(table, cells, tag = "td") {
  const row = table.insertRow();
  cells.forEach(text => {
    const cell = document.createElement(tag);
    cell.textContent = text;
    row.append(cell);
  });
}

function layerTable(title, neurons) {
  const table = document.createElement("table"), hasDelta = neurons[0][3] !== undefined;
  table.createCaption().textContent = title;
  tableRow(table, ["", "z", "a", ...(hasDelta ? ["delta"] : [])], "th");
  for (const [name, ...numbers] of neurons) tableRow(table, [name, ...numbers.filter(x => x !== undefined).map(digits)]);
  return table;
}

function writeBoard(training, s) {
  const { settings, data } = training, board = $("board");
  board.replaceChildren();
  const x = rows(data.X, data.d, [s]), y = rows(data.Y, data.n_outputs, [s]);
  const layers = boardRows(training, s), outputs = layers.at(-1).neurons.map(([, , a]) => a);
  const target = scene.classes && y.length > 1 ? `(${Array.from(y).join(", ")}), the class ${scene.classes[y.indexOf(1)]}` : digits(y[0]);
  sentence(board, `Sample ${s + 1}: x = (${Array.from(x, digits).join(", ")}), y = ${target}. ` +
    "The numbers are those from which the last step started; delta is dL/dz.");
  const tables = document.createElement("div");
  tables.className = "tables";
  for (const { title, neurons } of layers) tables.append(layerTable(title, neurons));
  board.append(tables);
  if (settings.kind === "perceptron") writeMistake(board, training, x, y[0], outputs[0]);
  else writePasses(board, training, s, y, outputs);
}

function writeMistake(board, training, x, y, answer) {
  const { settings, before: [{ W, b }], layers: [after] } = training;
  if (answer === y) {
    sentence(board, "The answer is right, so the weights stay as they are.");
    return;
  }
  const sign = y === 1 ? "+" : "−", adds = y === 1 ? "added to" : "subtracted from";
  sentence(board, `The answer ${answer} is a mistake, so the sample, times the learning rate ${digits(settings.eta0)}, is ${adds} the ` +
    `weights: w = (${Array.from(W, digits).join(", ")}) ${sign} ${digits(settings.eta0)} · (${Array.from(x, digits).join(", ")}) = ` +
    `(${Array.from(after.W, digits).join(", ")}), b = ${digits(b[0])} ${sign} ${digits(settings.eta0)} = ${digits(after.b[0])}.`);
}

function writePasses(board, training, s, y, outputs) {
  const { settings } = training, [loss, output] = settings.loss.split(" ");
  const value = LOSSES[settings.loss].value(y, Float64Array.from(outputs));
  const rule = loss === "squared_error" && output === "logistic" ? "(a − y) a (1 − a)" : "a − y";
  sentence(board, `Loss of this sample: ${digits(value)}${loss === "log_loss" ? " nats (−log of the probability of its class)" : " (half the squared error)"}.`);
  sentence(board, `Backward: delta of the output is ${rule}. ` + (training.before.length > 1
    ? `Each hidden neuron receives the deltas above it, each times the weight between them, and multiplies their sum by the slope g′(z) of ${settings.activation}.`
    : ""));
  sentence(board, weightStory(training, s));
}

function weightStory(training, s) {  // what the step did to the selected weight
  const { k, i, j } = selected ?? { k: 0, i: 0, j: 0 }, { settings, data, before, layers, batch } = training;
  const from = i === null ? null : scene.drawn[k][i], to = scene.drawn[k + 1][j];
  const pick = ({ W, b }) => from === null ? b[to] : W[from * before[k].n_out + to];
  const x = rows(data.X, data.d, [s]), y = rows(data.Y, data.n_outputs, [s]);
  const activations = training.layerOutputs(x, 1, before);
  const delta = backward(settings, before, activations, y, 1)[k].delta[to];
  const a = from === null ? 1 : activations[k][from];
  const [gradients] = training.gradientsOf(before, batch);
  const mean = pick({ W: gradients[k].dW, b: gradients[k].db });
  const own = from === null ? `dL/db = delta = ${digits(delta)}` : `dL/dw = a · delta = ${digits(a)} · ${digits(delta)} = ${digits(a * delta)}`;
  const penalty = settings.alpha && from !== null ? ", plus the L2 penalty alpha w / n," : "";
  return `The ${weightName({ k, i, j })}: for this sample ${own}. The mean over the ${batch.length} ` +
    `sample${batch.length === 1 ? "" : "s"} of the mini-batch${penalty} is ${digits(mean)}. ` +
    `${settings.solver === "adam" ? "Adam" : "Gradient descent"} moves it from ${digits(pick(before[k]))} to ${digits(pick(layers[k]))}.`;
}
