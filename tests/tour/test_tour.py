"""The guided tour: its options, its parts, and how it ends."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from sknn_edu.tour import parts


def run(*arguments, **options):
    command = [sys.executable, "-m", "sknn_edu", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_importing_the_package_does_not_import_the_tour():
    code = "import sys, sknn_edu; print([name for name in sys.modules if 'tour' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_parts_learn_and_and_xor(capsys):
    perceptron, neuron, network = (
        parts.the_and_gate(0),
        parts.step_and_sigmoid(),
        parts.xor(0),
    )
    np.testing.assert_array_equal(perceptron.predict(parts.INPUTS), parts.AND)
    np.testing.assert_array_equal(neuron.predict(parts.INPUTS), parts.AND)
    np.testing.assert_array_equal(network.predict(parts.INPUTS), parts.XOR)
    assert "ConvergenceWarning: The perceptron" in capsys.readouterr().out


def test_lines_of_the_tour_fit_a_terminal(capsys):
    parts.the_and_gate(0)
    parts.step_and_sigmoid()
    parts.xor(0)
    parts.beside_scikit_learn(0)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_help_names_the_options():
    done = run("--help")
    assert done.returncode == 0
    assert {"--pictures", "--no-pictures", "--seed"} <= set(done.stdout.replace(",", " ").split())


@pytest.mark.parametrize("seed", ["-1", "x", str(2**32)])
def test_a_seed_that_cannot_be_a_random_state_is_refused(seed):
    done = run(f"--seed={seed}")
    assert done.returncode == 2
    assert "is not an integer from 0 to 2**32 - 1" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").touch()
    done = run("--pictures", str(tmp_path / "file" / "folder"))
    assert done.returncode == 2
    assert "Try --pictures DIR or --no-pictures" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_tour_without_a_traceback():
    tour = subprocess.Popen(
        [sys.executable, "-u", "-m", "sknn_edu", "--no-pictures"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "sknn_edu" in tour.stdout.readline()  # the tour has started
    tour.send_signal(signal.SIGINT)
    _, errors = tour.communicate()
    assert tour.returncode == 130
    assert errors == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_closed_pipe_ends_the_tour_without_a_traceback():
    tour = subprocess.Popen(
        [sys.executable, "-u", "-m", "sknn_edu", "--no-pictures"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    tour.stdout.readline()
    tour.stdout.close()
    errors = tour.stderr.read()
    tour.stderr.close()
    assert tour.wait() == 1
    assert errors == ""


@pytest.mark.slow
def test_the_whole_tour_ends_well_and_saves_its_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    done = run("--pictures", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "The tour took" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        "boundaries.png",
        "first_layer.png",
        "loss_curves.png",
        "step_and_sigmoid.png",
    }
