"""What tests of pages for the browser share."""

import base64
import json
import re
import zlib

import numpy as np


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
