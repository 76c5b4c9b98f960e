"""Compare the speed of sknn_edu with scikit-learn, PyTorch, JAX and bare matrix products.

    python examples/benchmarks/run.py            # all workloads; writes docs/benchmarks.md
    python examples/benchmarks/run.py --quick    # smaller data: takes under two minutes
    python examples/benchmarks/run.py W2 W3      # some workloads

Run it on a machine without other load. PyTorch and JAX only take part if they are installed:
``pip install "sknn_edu[bench]"`` installs both.
"""

import argparse
import time
import warnings

import figures
import peers
import report
from sklearn.exceptions import ConvergenceWarning
from timing import busy_elsewhere, take_turns
from workloads import WORKLOADS, Training

ROUNDS, QUICK_ROUNDS = 5, 3
SIZES = {True: "quick, smaller sizes", False: "full size"}


def parse(arguments=None):
    known = list(dict.fromkeys(workload.name for workload in WORKLOADS))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads to run; default: all")
    parser.add_argument("--list", action="store_true", help="list the workloads and stop")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"smaller data, fewer epochs, {QUICK_ROUNDS} rounds; does not write the docs",
    )
    parser.add_argument(
        "--rounds", type=int, help=f"measurements of each contestant; default: {ROUNDS}"
    )
    parser.add_argument(
        "--peers",
        default=",".join(peers.NAMES),
        help="the contestants besides sknn_edu; default: %(default)s",
    )
    parser.add_argument(
        "--write",
        action=argparse.BooleanOptionalAction,
        help="write docs/benchmarks.md and its plot; default: yes, unless --quick. Workloads that "
        "are not run keep the results of the last run on the same machine",
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no such workload: {', '.join(unknown)}. Choose from: {', '.join(known)}")
    options.peers = set(options.peers.split(","))
    if unknown := sorted(options.peers - set(peers.NAMES)):
        parser.error(f"no such peer: {', '.join(unknown)}. Choose from: {', '.join(peers.NAMES)}")
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else ROUNDS
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.write is None:
        options.write = not options.quick
    return options


def main(arguments=None):
    options = parse(arguments)
    if options.list:
        for workload in WORKLOADS:
            print(f"{workload.name:15} {workload.title}")
        return
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", module="torch|jax")
    chosen = {peer for peer in options.peers if peers.is_installed(peer)}
    missing = [peers.NAMES[peer] for peer in peers.NAMES if not peers.is_installed(peer)]
    environment = report.environment()
    print("\n".join(f"{key}: {value}" for key, value in environment.items()))
    print(f"{SIZES[options.quick]}; {options.rounds} rounds; not installed: {missing or 'none'}\n")

    selected = [w for w in WORKLOADS if not options.names or w.name in options.names]
    start = time.perf_counter()
    results = {
        workload: measure(workload, options, chosen)
        for workload in sorted(selected, key=loads_other_libraries)
    }
    results = [results[workload] for workload in selected]
    print(f"{SIZES[options.quick]}: {time.perf_counter() - start:.0f} s in all\n")

    if options.write:
        report.store(results, environment)
        report.draw(report.stored()[0])
        figures.write()
        print(f"wrote {report.STORED}, {report.PLOT} and the tables of the documentation")
    else:
        print(report.tables(results))
        print("The docs were not written; --write does it.")


def loads_other_libraries(workload) -> bool:
    """Return whether PyTorch and JAX take part.

    Such workloads run last, so that the threads of these libraries do not disturb the others.
    """
    return isinstance(workload, Training) and workload.full


def measure(workload, options, chosen) -> report.Result:
    """Run a workload, print its results and return them."""
    print(f"{workload.name}: {workload.title}", flush=True)
    start, others = time.perf_counter(), busy_elsewhere()
    times = take_turns(workload.prepare(options.quick, chosen), options.rounds)
    taken = time.perf_counter() - start
    busy = None if others is None else (busy_elsewhere() - others) / taken
    result = report.Result.of_rounds(workload, times, options.quick, busy)
    print(f"{report.as_text(result)}\n  took {taken:.0f} s\n", flush=True)
    return result


if __name__ == "__main__":
    main()
