"""Pictures are drawn without a screen, and closed after each test; a Chromium for the pages."""

import importlib.util
import os
import shutil

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium():
    """Start a headless Chromium; without one the tests are skipped, unless it is required."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    installed = browser and driver and importlib.util.find_spec("selenium")
    if not installed and os.environ.get("SKNN_EDU_BROWSER") != "required":
        pytest.skip("needs chromium, chromedriver and selenium")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()
