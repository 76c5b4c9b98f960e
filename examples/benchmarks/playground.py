"""How smoothly does the playground train in a browser?

    python examples/benchmarks/playground.py

A network with two hidden layers of 8 neurons trains on 225 samples in a headless Chromium, for some
seconds at each speed. Printed are the frames per second, and how many milliseconds of a frame are
spent on training and on drawing; 16.7 are available at 60 frames per second. It needs the extra
``browser``, Chromium and its driver.
"""

import argparse
import shutil
import tempfile
import time
import warnings
from pathlib import Path

from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier
from sknn_edu.inspection import Playground

FLAGS = ("--headless=new", "--no-sandbox", "--window-size=1280,1000")

MEASURE = """
const [speed, seconds, done] = arguments, times = [];
$("speed").value = speed;
$("restart").click();
$("play").click();
requestAnimationFrame(function frame(now) {
  times.push(now);
  if (now - times[0] < 1000 * seconds) {
    requestAnimationFrame(frame);
    return;
  }
  const n_epochs = training.n_epochs;
  const mean = (n, act) => {
    const start = performance.now();
    for (let k = 0; k < n; k++) act();
    return (performance.now() - start) / n;
  };
  const draw = mean(50, show);
  $("play").click();
  const gaps = times.slice(1).map((time, k) => time - times[k]).sort((a, b) => a - b);
  done({
    fps: 1000 * gaps.length / (times.at(-1) - times[0]),
    slow: gaps[Math.floor(0.95 * gaps.length)],
    epochs: n_epochs / seconds,
    epoch: mean(50, () => train("epoch")),
    draw,
  });
});
"""


def measure(page, seconds):
    """Print the frames per second at each speed."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    chrome = webdriver.Chrome(options, service)
    try:
        chrome.get(page.as_uri())
        time.sleep(1)
        for speed, name in (("60", "60 epochs a second"), ("0", "as fast as possible")):
            found = chrome.execute_async_script(MEASURE, speed, seconds)
            print(
                f"{name}: {found['fps']:.1f} frames per second (95 % of them within "
                f"{found['slow']:.1f} ms), {found['epochs']:.0f} epochs per second; an epoch takes "
                f"{found['epoch']:.2f} ms, drawing {found['draw']:.2f} ms"
            )
    finally:
        chrome.quit()


def main():
    """Make the page and measure it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=5, help="at each speed; default: 5")
    seconds = parser.parse_args().seconds
    X, y = make_moons(300, noise=0.2, random_state=0)
    network = MLPClassifier((8, 8), "tanh", batch_size=10, max_iter=20, random_state=0)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        measure(Playground(network).fit(X, y).save(Path(folder) / "page.html"), seconds)


if __name__ == "__main__":
    main()
