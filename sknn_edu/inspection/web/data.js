// The data sets of the page, each with the Python that makes the same numbers.

const N_SAMPLES = 300, N_TRAIN = 200;

const linspace = (stop, n, endpoint = true) =>
  Array.from({ length: n }, (_, i) => i * stop / (n - (endpoint ? 1 : 0)));
const addNoise = (numbers, noise, rng) => numbers.map(x => x + noise * rng.normal());

function shuffledWithNoise(points, labels, noise) {  // as scikit-learn's make_moons and make_circles
  const rng = new RandomState(0), order = rng.permutation(points.length);
  return { X: addNoise(order.flatMap(i => points[i]), noise, rng), y: order.map(i => labels[i]) };
}

function scattered() {  // evenly over the square from -1 to 1
  const rng = new RandomState(0);
  return [rng, Array.from({ length: 2 * N_SAMPLES }, () => rng.uniform(-1, 1))];
}

function pairs(X, f) {  // f of both features of each sample
  return Array.from({ length: X.length / 2 }, (_, s) => f(X[2 * s], X[2 * s + 1]));
}

function surface(f) {  // a regression target over the square
  return noise => {
    const [rng, X] = scattered();
    return { X, y: addNoise(pairs(X, f), noise, rng) };
  };
}

const SCATTERED = `rng = np.random.RandomState(0)\nX = rng.uniform(-1, 1, (${N_SAMPLES}, 2))`;
const surfacePython = y => noise => `import numpy as np\n\n${SCATTERED}\ny = ${y} + rng.normal(0, ${noise}, ${N_SAMPLES})`;
const halves = Array.from({ length: N_SAMPLES }, (_, i) => i < N_SAMPLES / 2 ? 0 : 1);

const CLASSIFICATION_DATA = {
  moons: {
    name: "two moons", noise: 0.2,
    make(noise) {
      const angles = linspace(Math.PI, N_SAMPLES / 2);
      const outer = angles.map(t => [Math.cos(t), Math.sin(t)]);
      const inner = angles.map(t => [1 - Math.cos(t), 1 - Math.sin(t) - 0.5]);
      return shuffledWithNoise([...outer, ...inner], halves, noise);
    },
    python: noise => `from sklearn.datasets import make_moons\n\nX, y = make_moons(${N_SAMPLES}, noise=${noise}, random_state=0)`,
  },
  circles: {
    name: "circles", noise: 0.1,
    make(noise) {
      const outer = linspace(2 * Math.PI, N_SAMPLES / 2, false).map(t => [Math.cos(t), Math.sin(t)]);
      return shuffledWithNoise([...outer, ...outer.map(([x, y]) => [0.5 * x, 0.5 * y])], halves, noise);
    },
    python: noise => `from sklearn.datasets import make_circles\n\nX, y = make_circles(${N_SAMPLES}, noise=${noise}, factor=0.5, random_state=0)`,
  },
  xor: {
    name: "XOR", noise: 0.05,
    make(noise) {
      const [rng, X] = scattered();
      return { y: pairs(X, (a, b) => a * b > 0 ? 1 : 0), X: addNoise(X, noise, rng) };
    },
    python: noise => `import numpy as np\n\n${SCATTERED}\ny = (X[:, 0] * X[:, 1] > 0).astype(int)\nX += rng.normal(0, ${noise}, X.shape)`,
  },
  spirals: {
    name: "two spirals", noise: 0.02,
    make(noise) {
      const rng = new RandomState(0), y = halves.map((_, i) => i % 2);
      const X = y.flatMap(label => {
        const r = rng.uniform(0.1, 1), angle = 2.5 * Math.PI * r + Math.PI * label;
        return [r * Math.cos(angle), r * Math.sin(angle)];
      });
      return { X: addNoise(X, noise, rng), y };
    },
    python: noise => `import numpy as np\n\nrng = np.random.RandomState(0)\ny = np.arange(${N_SAMPLES}) % 2\n` +
      `r = rng.uniform(0.1, 1, ${N_SAMPLES})\nangle = 2.5 * np.pi * r + np.pi * y\n` +
      `X = np.column_stack([r * np.cos(angle), r * np.sin(angle)])\nX += rng.normal(0, ${noise}, X.shape)`,
  },
};

const REGRESSION_DATA = {
  plane: { name: "plane", noise: 0.1, make: surface((a, b) => a + b), python: surfacePython("X[:, 0] + X[:, 1]") },
  saddle: { name: "saddle", noise: 0.1, make: surface((a, b) => 2 * a * b), python: surfacePython("2 * X[:, 0] * X[:, 1]") },
  hill: {
    name: "hill", noise: 0.05, make: surface((a, b) => Math.exp(-4 * (a * a + b * b))),
    python: surfacePython("np.exp(-4 * (X[:, 0] * X[:, 0] + X[:, 1] * X[:, 1]))"),
  },
  waves: {
    name: "waves", noise: 0.05, make: surface((a, b) => Math.sin(5 * a) * Math.cos(5 * b)),
    python: surfacePython("np.sin(5 * X[:, 0]) * np.cos(5 * X[:, 1])"),
  },
};

const classics = isClassifier => isClassifier ? CLASSIFICATION_DATA : REGRESSION_DATA;

function classic(key, noise, isClassifier) {  // the first samples to train on, the others to test
  const source = classics(isClassifier)[key];
  const { X, y } = source.make(noise), part = (start, stop) => ({
    X: Float64Array.from(X.slice(2 * start, 2 * stop)), y: y.slice(start, stop), n: stop - start,
  });
  return {
    train: part(0, N_TRAIN), test: part(N_TRAIN, N_SAMPLES), features: ["x1", "x2"],
    classes: isClassifier ? ["0", "1"] : null, range: isClassifier ? null : [Math.min(...y), Math.max(...y)],
  };
}

function classicPython(key, noise, isClassifier) {
  const source = classics(isClassifier)[key];
  return `${source.python(noise)}\nX_train, y_train = X[:${N_TRAIN}], y[:${N_TRAIN}]\n` +
    `X_test, y_test = X[${N_TRAIN}:], y[${N_TRAIN}:]`;
}
