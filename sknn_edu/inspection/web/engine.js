// How a neural network learns, in plain JavaScript: from the same seed, the same numbers as sknn_edu.
//
// This file does for the browser what core/one_page.py does in NumPy, in the same order: draw the
// initial weights, forward, loss, backward, a step of the optimizer, the loop over mini-batches. The
// symbols are the same. A batch X of m samples with d features is a Float64Array of length m * d, row
// after row; W (n_in, n_out) is stored the same way.

// -- random numbers -----------------------------------------------------------------------------

class RandomState {  // numpy.random.RandomState: the Mersenne Twister (Matsumoto and Nishimura 1998)
  constructor(seed) {
    this.words = new Uint32Array(624);
    this.words[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.words[i - 1];
      this.words[i] = Math.imul(1812433253, before ^ before >>> 30) + i;
    }
    this.next = 624;
    this.spare = null;  // normal numbers are made in pairs
  }

  twist() {
    const w = this.words;
    for (let i = 0; i < 624; i++) {
      const mixed = w[i] & 0x80000000 | w[(i + 1) % 624] & 0x7fffffff;
      w[i] = w[(i + 397) % 624] ^ mixed >>> 1 ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  word() {  // 32 random bits
    if (this.next === 624) this.twist();
    let y = this.words[this.next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9d2c5680;
    y ^= y << 15 & 0xefc60000;
    return (y ^ y >>> 18) >>> 0;
  }

  random() {  // in [0, 1), with 53 random bits
    const high = this.word() >>> 5, low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  uniform(low, high) {
    return low + (high - low) * this.random();
  }

  normal() {  // mean 0, variance 1: the polar method of Marsaglia
    if (this.spare !== null) {
      const spare = this.spare;
      this.spare = null;
      return spare;
    }
    let x, y, square;
    do {
      x = 2 * this.random() - 1;
      y = 2 * this.random() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt(-2 * Math.log(square) / square);
    this.spare = factor * x;
    return factor * y;
  }

  upTo(largest) {  // an integer from 0 to largest
    let mask = largest;
    for (const shift of [1, 2, 4, 8, 16]) mask |= mask >>> shift;
    let value;
    do value = (this.word() & mask) >>> 0; while (value > largest);
    return value;
  }

  permutation(n) {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.upTo(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

// -- activations, each with its derivative, computed from a = g(z) ------------------------------

const logistic = z => 1 / (1 + Math.exp(-z));

const ACTIVATIONS = {
  identity: { g: z => z, derivative: () => 1 },
  logistic: { g: logistic, derivative: a => a * (1 - a) },
  tanh: { g: Math.tanh, derivative: a => 1 - a * a },
  relu: { g: z => Math.max(z, 0), derivative: a => a > 0 ? 1 : 0 },
  leaky_relu: { g: z => z > 0 ? z : 0.01 * z, derivative: a => a > 0 ? 1 : 0.01 },
};

// -- losses, each with its output activation and delta = dL/dz ----------------------------------

const EPSILON = 2 ** -52;
const log = p => Math.log(Math.min(Math.max(p, EPSILON), 1 - EPSILON));

function softmax(z) {  // of one sample
  const largest = Math.max(...z), e = z.map(z => Math.exp(z - largest));
  const sum = e.reduce((sum, e) => sum + e, 0);
  return e.map(e => e / sum);
}

const LOSSES = {  // of one sample: y and a have one number for each output
  "log_loss logistic": {
    output: z => z.map(logistic),
    value: (y, a) => -y[0] * log(a[0]) - (1 - y[0]) * log(1 - a[0]),
    delta: (y, a) => a.map((a, k) => a - y[k]),
  },
  "log_loss softmax": {
    output: softmax,
    value: (y, a) => -log(a.reduce((sum, a, k) => sum + y[k] * a, 0)),
    delta: (y, a) => a.map((a, k) => a - y[k]),
  },
  "squared_error identity": {
    output: z => z.slice(),
    value: (y, a) => 0.5 * a.reduce((sum, a, k) => sum + (a - y[k]) ** 2, 0),
    delta: (y, a) => a.map((a, k) => a - y[k]),
  },
  "squared_error logistic": {
    output: z => z.map(logistic),
    value: (y, a) => 0.5 * (a[0] - y[0]) ** 2,
    delta: (y, a) => a.map((a, k) => (a - y[k]) * a * (1 - a)),
  },
};

// -- the network --------------------------------------------------------------------------------

function initialLayers(settings, rng) {  // Glorot and Bengio 2010; a single neuron starts at 0
  const layers = [];
  for (let k = 1; k < settings.sizes.length; k++) {
    const n_in = settings.sizes[k - 1], n_out = settings.sizes[k];
    const bound = Math.sqrt((settings.activation === "logistic" ? 2 : 6) / (n_in + n_out));
    const draw = () => settings.starts_at_zero ? 0 : rng.uniform(-bound, bound);
    const W = Float64Array.from({ length: n_in * n_out }, draw);
    layers.push({ n_in, n_out, W, b: Float64Array.from({ length: n_out }, draw) });
  }
  return layers;
}

function weightedSums(a, layer, m) {  // z = a W + b, (m, n_out)
  const { n_in, n_out, W, b } = layer, z = new Float64Array(m * n_out);
  for (let s = 0; s < m; s++) {
    for (let j = 0; j < n_out; j++) {
      let sum = b[j];
      for (let i = 0; i < n_in; i++) sum += a[s * n_in + i] * W[i * n_out + j];
      z[s * n_out + j] = sum;
    }
  }
  return z;
}

function forward(settings, layers, X, m) {  // a of each layer: X first, the outputs last
  const activations = [X], loss = LOSSES[settings.loss], { g } = ACTIVATIONS[settings.activation];
  layers.forEach((layer, k) => {
    const z = weightedSums(activations[k], layer, m);
    if (k < layers.length - 1) {
      activations.push(z.map(g));
      return;
    }
    for (let s = 0; s < m; s++) {
      const row = z.subarray(s * layer.n_out, (s + 1) * layer.n_out);
      row.set(loss.output(row));
    }
    activations.push(z);
  });
  return activations;
}

function losses(settings, outputs, Y, m) {  // of each sample
  const n_out = outputs.length / m, row = (of, s) => of.subarray(s * n_out, (s + 1) * n_out);
  return Float64Array.from({ length: m }, (_, s) => LOSSES[settings.loss].value(row(Y, s), row(outputs, s)));
}

function penalty(settings, layers, n) {  // alpha / (2 n) times the sum of all squared weights
  let sum = 0;
  for (const { W } of layers) for (const w of W) sum += w * w;
  return 0.5 * settings.alpha / n * sum;
}

function backward(settings, layers, activations, Y, m) {  // delta, dL/dW and dL/db of each layer
  const gradients = [], { derivative } = ACTIVATIONS[settings.activation];
  const outputs = activations.at(-1), n_classes = outputs.length / m;
  let delta = new Float64Array(outputs.length);  // of the mean loss
  for (let s = 0; s < m; s++) {
    const row = of => of.subarray(s * n_classes, (s + 1) * n_classes);
    row(delta).set(LOSSES[settings.loss].delta(row(Y), row(outputs)).map(d => d / m));
  }
  for (let k = layers.length - 1; k >= 0; k--) {
    const { n_in, n_out, W } = layers[k], a = activations[k];
    const dW = W.map(w => settings.alpha / m * w), db = new Float64Array(n_out);
    const below = new Float64Array(k > 0 ? m * n_in : 0);
    for (let s = 0; s < m; s++) {
      for (let j = 0; j < n_out; j++) {
        const d = delta[s * n_out + j];
        db[j] += d;
        for (let i = 0; i < n_in; i++) dW[i * n_out + j] += a[s * n_in + i] * d;
      }
      for (let i = 0; k > 0 && i < n_in; i++) {  // the chain rule: (delta W^T) g'(z)
        let sum = 0;
        for (let j = 0; j < n_out; j++) sum += delta[s * n_out + j] * W[i * n_out + j];
        below[s * n_in + i] = sum * derivative(a[s * n_in + i]);
      }
    }
    gradients.unshift({ dW, db, delta });
    delta = below;
  }
  return gradients;
}

// -- optimizers: move theta against its gradient g, in place ------------------------------------

const OPTIMIZERS = {
  sgd({ learning_rate_init: eta, momentum, nesterovs_momentum }, theta, g, memory) {
    const v = memory[0];
    for (let i = 0; i < theta.length; i++) {
      v[i] = momentum * v[i] - eta * g[i];
      theta[i] += nesterovs_momentum ? momentum * v[i] - eta * g[i] : v[i];
    }
  },
  adam({ learning_rate_init: eta, beta_1, beta_2, epsilon }, theta, g, memory, t) {
    const [mean, square] = memory;
    const rate = eta * Math.sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t);
    for (let i = 0; i < theta.length; i++) {
      mean[i] = beta_1 * mean[i] + (1 - beta_1) * g[i];
      square[i] = beta_2 * square[i] + (1 - beta_2) * g[i] * g[i];
      theta[i] -= rate * mean[i] / (Math.sqrt(square[i]) + epsilon);
    }
  },
};

// -- training -----------------------------------------------------------------------------------

class Training {  // of a network; data has X (n, d) and Y (n, n_outputs) as Float64Arrays
  constructor(settings, data) {
    this.settings = settings;
    this.data = data;
    this.rng = new RandomState(settings.seed);
    this.layers = initialLayers(settings, this.rng);
    this.memory = this.layers.map(({ W, b }) => [W, b].map(x => [x.map(() => 0), x.map(() => 0)]));
    this.order = Array.from({ length: data.n }, (_, i) => i);
    this.n_epochs = this.t = this.start = this.sum = 0;
    this.batch_size = Math.min(settings.batch_size ?? 200, data.n);
    this.loss_curve = [];
    this.batch = [];  // the samples of the last step
    this.before = this.copyOfLayers();  // the parameters before it
  }

  copyOfLayers() {
    return this.layers.map(layer => ({ ...layer, W: layer.W.slice(), b: layer.b.slice() }));
  }

  nextBatch() {
    if (this.start === 0 && this.settings.shuffle) {
      this.order = this.rng.permutation(this.data.n).map(i => this.order[i]);
    }
    this.batch = this.order.slice(this.start, this.start + this.batch_size);
    this.start += this.batch.length;
    this.before = this.copyOfLayers();
    return this.batch;
  }

  gradientsOf(layers, batch) {  // [gradients of the mean loss, the sum of the losses with the penalty]
    const { settings, data } = this, m = batch.length;
    const X = rows(data.X, data.d, batch), Y = rows(data.Y, data.n_outputs, batch);
    const activations = forward(settings, layers, X, m);
    const sum = losses(settings, activations.at(-1), Y, m).reduce((sum, loss) => sum + loss, 0);
    return [backward(settings, layers, activations, Y, m), sum + m * penalty(settings, layers, m)];
  }

  get is_between_epochs() { return this.start === 0; }

  step() {  // one mini-batch: forward, loss, backward, then the optimizer moves every parameter
    const { settings, layers } = this, move = OPTIMIZERS[settings.solver];
    const [gradients, sum] = this.gradientsOf(layers, this.nextBatch());
    this.sum += sum;
    this.t += 1;
    gradients.forEach(({ dW, db }, k) => {
      move(settings, layers[k].W, dW, this.memory[k][0], this.t);
      move(settings, layers[k].b, db, this.memory[k][1], this.t);
    });
    if (this.start === this.data.n) this.endEpoch(this.sum / this.data.n);
  }

  endEpoch(loss) {
    this.loss_curve.push(loss);
    this.n_epochs += 1;
    this.start = this.sum = 0;
  }

  epoch() {
    do this.step(); while (!this.is_between_epochs);
  }

  layerOutputs(X, m, layers = this.layers) { return forward(this.settings, layers, X, m); }

  outputs(X, m) { return this.layerOutputs(X, m).at(-1); }

  loss(X, Y, m) {  // the mean over samples, without the penalty
    return losses(this.settings, this.outputs(X, m), Y, m).reduce((sum, loss) => sum + loss, 0) / m;
  }
}

class PerceptronTraining extends Training {  // Rosenblatt 1958: after a mistake, add or subtract the sample
  constructor(settings, data) {
    super(settings, data);
    this.rng = new RandomState(new RandomState(settings.seed).upTo(2 ** 31 - 2));  // as the estimator does
    this.batch_size = 1;
  }

  step() {
    const { settings, data, layers: [{ W, b }] } = this, [i] = this.nextBatch();
    const x = data.X.subarray(i * data.d, (i + 1) * data.d), y = data.Y[i];
    if (this.outputs(x, 1)[0] !== y) {
      const eta = y === 1 ? settings.eta0 : -settings.eta0;
      for (let f = 0; f < data.d; f++) W[f] += eta * x[f];
      if (settings.fit_intercept) b[0] += eta;
      this.sum += 1;
    }
    if (this.start === data.n) this.endEpoch(this.sum);
  }

  layerOutputs(X, m, layers = this.layers) {
    return [X, weightedSums(X, layers[0], m).map(z => z >= 0 ? 1 : 0)];
  }

  loss(X, Y, m) {  // the share of mistakes
    return this.outputs(X, m).reduce((sum, a, s) => sum + (a !== Y[s]), 0) / m;
  }
}

function rows(of, width, chosen) {  // some rows of a matrix
  const result = new Float64Array(chosen.length * width);
  chosen.forEach((i, s) => result.set(of.subarray(i * width, (i + 1) * width), s * width));
  return result;
}
