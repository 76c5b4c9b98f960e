"""What tests of pages for the browser share."""

import base64
import json
import re
import zlib

import numpy as np
from sklearn.datasets import make_moons

from sknn_edu import MLPClassifier, MLPRegressor

MOONS = make_moons(120, noise=0.2, random_state=0)
ENDLESS = {"tol": 0, "n_iter_no_change": 1000}
REGRESSOR = MLPRegressor(hidden_layer_sizes=4, max_iter=20, random_state=0)
NETWORK = MLPClassifier((5, 3), "tanh", batch_size=20, max_iter=25, random_state=0, **ENDLESS)


def unpacked(page):
    """Return what the page contains: the JSON, and the bytes that follow it."""
    html = page.to_html()
    packed = re.search(r'<script id="payload"[^>]*>([^<]+)</script>', html).group(1)
    whole = zlib.decompress(base64.b64decode(packed))
    length = int.from_bytes(whole[:4], "big")
    return json.loads(whole[4 : 4 + length]), np.frombuffer(whole[4 + length :], np.uint8)


def wait(chrome, condition, seconds=10):
    """Wait until a condition in JavaScript holds."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(chrome, seconds, 0.05).until(lambda c: c.execute_script(condition))
