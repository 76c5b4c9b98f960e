"""
The harsh step and the sigmoid
==============================

The perceptron's step hides how wrong an answer is. The sigmoid neuron softens it, so that a small
change of a weight makes a small change of the answer, and the loss has a slope to follow. The
slope of the squared error dies where the neuron is confidently wrong; that of the cross-entropy
does not.
"""

import matplotlib.pyplot as plt
import numpy as np

from sknn_edu import PerceptronClassifier, SigmoidNeuronClassifier

z = np.linspace(-6, 6, 241)[:, np.newaxis]
step = PerceptronClassifier.from_weights([1.0]).predict(z)
sigmoid = SigmoidNeuronClassifier.from_weights([1.0]).predict_proba(z)[:, 1]

figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
axes[0].plot(z, step, label="step")
axes[0].plot(z, sigmoid, label="sigmoid")
axes[0].set(title="the answer", xlabel="weighted sum z", ylabel="a")
axes[0].legend()

a = sigmoid  # the true answer is 0, so on the right the neuron is confidently wrong
axes[1].plot(z, a, label="cross-entropy: a - y")
axes[1].plot(z, a * a * (1 - a), label="squared error: (a - y) a (1 - a)")
axes[1].set(title="the slope to learn from, when y = 0", xlabel="weighted sum z", ylabel="dL/dz")
axes[1].legend()
plt.show()
