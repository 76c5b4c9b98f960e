"""The results of the speed benchmarks: stored, as text, as Markdown tables, as a plot.

They are kept in speed_results.json beside this file, so that a run of some workloads leaves the
others in place. Every table of the documentation is made from that file by figures.py.
"""

import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import peers
from markdown_tables import table
from timing import Spread, describe_blas, pairwise_ratio
from workloads import (
    FLOOR_32,
    FLOOR_64,
    OURS,
    OURS_32,
    SKLEARN,
    WORKLOADS,
    Comparison,
    Scaling,
    Training,
    Workload,
)

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
PLOT = DOCS / "images" / "benchmarks.png"
STORED = HERE / "speed_results.json"

DISTURBED = 0.1
"""Measurements are unreliable if other programs keep more than this many processors busy."""

TORCH, JAX = peers.NAMES["torch"], peers.NAMES["jax"]


@dataclass(frozen=True)
class Result:
    """What each contestant of a workload took: medians over the rounds, and their ratios."""

    workload: Workload
    medians: dict[str, float]
    ratios: dict[str, tuple[float, float, float]]
    """For "above / below" the median of the ratios of all rounds, the smallest and the largest."""
    rounds: int
    quick: bool
    busy: float | None = None
    """The number of processors that other programs kept busy; None if it is not known."""

    @classmethod
    def of_rounds(
        cls, workload: Workload, times: dict[str, list[float]], quick: bool, busy: float | None
    ) -> "Result":
        """Summarize what each contestant took in each round."""
        return cls(
            workload,
            medians={name: median(taken) for name, taken in times.items()},
            ratios={
                f"{above} / {below}": pairwise_ratio(times[above], times[below])
                for above, below, _ in workload.comparisons()
                if above in times and below in times
            },
            rounds=min(map(len, times.values())),
            quick=quick,
            busy=busy,
        )

    @property
    def is_disturbed(self) -> bool:
        return self.busy is not None and self.busy > DISTURBED

    def ratio(self, above: str, below: str) -> Spread | None:
        """Return the ratio of two contestants, None if one of them did not take part."""
        ratio = self.ratios.get(f"{above} / {below}")
        return None if ratio is None else Spread(*ratio)

    def comparisons(self) -> list[tuple[Comparison, Spread]]:
        """Return the comparisons of the workload whose contestants both took part."""
        found = [(c, self.ratio(c.above, c.below)) for c in self.workload.comparisons()]
        return [(comparison, ratio) for comparison, ratio in found if ratio is not None]

    def shown(self, contestant: str) -> str:
        """Return the median measurement of a contestant, with its unit."""
        value = self.medians[contestant]
        return f"{value:.1f} MB" if self.workload.unit == "MB" else duration(value)


def environment() -> dict[str, str]:
    """Return the facts that the measurements depend on: processor, system, versions, BLAS."""
    packages = ["sknn_edu", "scikit-learn", "numpy", "scipy"]
    packages += [peer for peer in ("torch", "jax") if peers.is_installed(peer)]
    return {
        "processor": f"{_processor()}, {os.cpu_count()} CPUs",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {_version(package)}" for package in packages),
        "BLAS": describe_blas(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    if package == "sknn_edu":
        import sknn_edu

        return sknn_edu.__version__
    return version(package)


# -- storing ---------------------------------------------------------------------------------------


def store(results: list[Result], environment: dict[str, str]) -> None:
    """Add the results to those stored; those of another environment are dropped."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    known = stored["results"] if stored.get("environment") == environment else {}
    for result in results:
        known[_key(result.workload)] = {
            "medians": result.medians,
            "ratios": result.ratios,
            "rounds": result.rounds,
            "quick": result.quick,
            "busy": result.busy,
        }
    content = {"environment": environment, "results": known}
    STORED.write_text(json.dumps(content, indent=1) + "\n")


def stored() -> tuple[list[Result], dict[str, str]]:
    """Return the stored results, in the order of the workloads, and their environment."""
    content = json.loads(STORED.read_text())
    known = content["results"]
    results = [
        Result(workload, **known[_key(workload)])
        for workload in WORKLOADS
        if _key(workload) in known
    ]
    return results, content["environment"]


def _key(workload: Workload) -> str:
    return f"{workload.name}: {workload.title}"


# -- text ------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a time with three digits, in s, ms, µs or ns."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def number(value: float) -> str:
    """Return a ratio with three digits, without exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def span(ratio: Spread) -> str:
    return f"{number(ratio.low)}-{number(ratio.high)}"


def as_text(result: Result) -> str:
    """Return a line for each contestant and each comparison."""
    lines = [f"  {name:14} {result.shown(name)} {_unit(result)}" for name in result.medians]
    for comparison, ratio in result.comparisons():
        target = "" if comparison.target is None else f", target {comparison.target:g}"
        lines.append(
            f"  {comparison.above} / {comparison.below}: "
            f"{number(ratio.median)} ({span(ratio)}){target}"
        )
    if result.is_disturbed:
        lines.append(f"  {disturbance([result])}")
    return "\n".join(lines)


def disturbance(results: list[Result]) -> str:
    """Return a sentence about the processors that other programs kept busy."""
    busiest = max(result.busy for result in results)
    names = ", ".join(dict.fromkeys(result.workload.name for result in results))
    busy = f"other programs kept up to {busiest:.1f} processors busy"
    return f"Not to be trusted: {busy} during {names}."


def _unit(result: Result) -> str:
    return "" if result.workload.unit == "MB" else result.workload.unit


def tables(results: list[Result]) -> str:
    """Return the Markdown of all results."""
    full = [r for r in results if isinstance(r.workload, Training) and r.workload.full]
    scaling = [r for r in results if isinstance(r.workload, Scaling)]
    others = [r for r in results if r not in full and r not in scaling]
    parts = []
    if full:
        parts += [_speed_table(full), _peers_table(full)]
    if others:
        parts.append(_others_table(others))
    parts += [_scaling_table(result) for result in scaling]
    if any(result.quick for result in results):
        parts.insert(0, "*From a quick run: smaller data than the table says, fewer rounds.*")
    if disturbed := [result for result in results if result.is_disturbed]:
        parts.insert(0, f"*{disturbance(disturbed)}*")
    return "\n\n".join(parts)


def _speed_table(results: list[Result]) -> str:
    head = ["Workload", SKLEARN, OURS, "times faster", "target"]
    head += [OURS_32, "times faster", "target"]
    rows = []
    for result in results:
        row = [f"**{result.workload.name}** {result.workload.title}"]
        row.append(result.shown(SKLEARN) if SKLEARN in result.medians else "-")
        for ours, target in zip((OURS, OURS_32), result.workload.targets, strict=True):
            row += [result.shown(ours), _ratio_cell(result, SKLEARN, ours), f"{target:g}"]
        rows.append(row)
    title = (
        "Training, time per epoch; scikit-learn in float64. A ratio is the median over the rounds "
        "(smallest-largest)."
    )
    return f"{title}\n\n{table(head, rows)}"


def _peers_table(results: list[Result]) -> str:
    columns = [
        (TORCH, OURS_32, "PyTorch / ours"),
        (JAX, OURS_32, "JAX / ours"),
        (OURS_32, FLOOR_32, "ours / floor"),
        (OURS, FLOOR_64, "ours / floor, float64"),
    ]
    rows = [
        [f"**{result.workload.name}**"]
        + [_ratio_cell(result, above, below) for above, below, _ in columns]
        for result in results
    ]
    title = (
        "The same beside others, in float32 (last column float64). Above 1 PyTorch or JAX is the "
        "slower one; the floor is the matrix products of training and nothing else."
    )
    return f"{title}\n\n{table(['Workload', *(name for *_, name in columns)], rows)}"


def _ratio_cell(result: Result, above: str, below: str) -> str:
    ratio = result.ratio(above, below)
    return "-" if ratio is None else f"**{number(ratio.median)}** ({span(ratio)})"


def _others_table(results: list[Result]) -> str:
    head = ["Workload", "ours", "compared with", "", "ratio", "target"]
    rows = []
    for result in results:
        for (above, below, target), _ in result.comparisons():
            other = above if below == OURS else below
            rows.append(
                [
                    f"**{result.workload.name}** {result.workload.title}",
                    f"{result.shown(OURS)} {_unit(result)}".strip(),
                    other,
                    result.shown(other),
                    f"{_short(above)} / {_short(below)} = {_ratio_cell(result, above, below)}",
                    "" if target is None else f"{target:g}",
                ]
            )
    return f"Other workloads, in float64.\n\n{table(head, rows)}"


def _short(contestant: str) -> str:
    return "ours" if contestant == OURS else contestant


def _scaling_table(result: Result) -> str:
    names = list(result.medians)
    rows = [
        [
            name,
            result.shown(name),
            "1" if name == names[0] else _ratio_cell(result, name, names[0]),
        ]
        for name in names
    ]
    title = f"Cost of a row in an epoch, {result.workload.title}; linear is 1 throughout."
    return f"{title}\n\n{table(['', OURS, f'beside {names[0]}'], rows)}"


# -- the docs --------------------------------------------------------------------------------------


def page(results: list[Result], environment: dict[str, str]) -> str:
    """Return what docs/benchmarks.md says about the results: plot, environment, tables."""
    rounds = {result.rounds for result in results}
    facts = "\n".join(f"- {key}: {value}" for key, value in environment.items())
    facts += f"\n- rounds: {min(rounds)}" + (f" to {max(rounds)}" if len(rounds) > 1 else "")
    image = f"![Ratios and the cost of a row]({PLOT.relative_to(DOCS).as_posix()})"
    return f"{image}\n\n{facts}\n\n{tables(results)}"


BESIDE_SCIKIT_LEARN = {
    "W1": "an epoch, 150 x 4, 3 classes, one batch, 10 hidden neurons",
    "W2": "an epoch, the digits, 1,797 x 64, 10 classes, 100 hidden neurons",
    "W3": "an epoch, 50,000 x 30, 2 classes, 100 hidden neurons",
    "W4": "an epoch, 50,000 x 100, regression, two layers of 256",
    "W5": "an epoch, 60,000 x 784, 10 classes, layers of 512 and 256",
    "W9": "an epoch, 50,000 x 30, batches of 32, 100 hidden neurons",
    "sparse": "an epoch, sparse 20,000 x 10,000, 100 hidden neurons",
    "iris": "a whole fit to iris, default parameters",
    "lbfgs": "an iteration of L-BFGS",
    "lbfgs-1thread": "an iteration of L-BFGS, both with one BLAS thread",
    "grid": "`GridSearchCV(n_jobs=2)`, 12 fits to the digits",
    "predict-1": "`predict_proba`, 1 row",
    "predict-1000": "`predict_proba`, 1,000 rows",
    "predict-100000": "`predict_proba`, 100,000 rows",
    "perceptron": "an epoch of the perceptron, 100,000 x 30, separable",
}
"""The workloads of the short table, in words for readers who have not seen the others."""
README_ROWS = ("W1", "W2", "W3", "W5", "iris", "lbfgs-1thread", "predict-1000")


def beside_scikit_learn(results: list[Result], names=tuple(BESIDE_SCIKIT_LEARN)) -> str:
    """Return a table of how many times as fast as scikit-learn the workloads are."""
    first = {}  # of two workloads with one name the first
    for result in results:
        first.setdefault(result.workload.name, result)
    rows = [
        [
            BESIDE_SCIKIT_LEARN[name],
            *(_times_as_fast(first[name], ours) for ours in (OURS, OURS_32)),
        ]
        for name in names
        if name in first
    ]
    return table(["speed (scikit-learn = 1)", "float64", "float32"], rows)


def _times_as_fast(result: Result, ours: str) -> str:
    ratio = result.ratio(SKLEARN, ours)
    if ratio is not None:
        return f"{ratio.median:.1f}"
    slower = result.ratio(ours, SKLEARN)
    return "" if slower is None else f"{1 / slower.median:.1f}"


def draw(results: list[Result]) -> None:
    """Draw the ratios to scikit-learn, the ratios to the other peers, and the cost of a row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
    _draw_speed(left.subplots(), results)
    top, bottom = right.subplots(2, 1)
    _draw_peers(top, [r for r in results if isinstance(r.workload, Training) and r.workload.full])
    _draw_scaling(bottom, [r for r in results if isinstance(r.workload, Scaling)])
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, dpi=120)


def _draw_speed(axes, results: list[Result]) -> None:
    bars = []  # (label, contestant, ratio, target)
    for result in results:
        for (above, below, target), ratio in result.comparisons():
            if above == SKLEARN and result.workload.unit != "MB":
                bars.append((result.workload.name, below, ratio, target))
    labels = list(dict.fromkeys(label for label, *_ in bars))
    for label, ours, ratio, target in bars:
        y = labels.index(label) + (0.2 if ours == OURS_32 else -0.2)
        colour = "C1" if ours == OURS_32 else "C0"
        whisker = [[ratio.median - ratio.low], [ratio.high - ratio.median]]
        axes.barh(y, ratio.median, 0.38, color=colour, xerr=whisker, ecolor="0.3", capsize=2)
        if target is not None:
            axes.plot([target, target], [y - 0.19, y + 0.19], color="black", linewidth=2)
    axes.axvline(1, color="0.5", linewidth=1)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("times faster than scikit-learn; whiskers: smallest to largest")
    handles = [
        axes.barh([0], [0], color="C0", label=OURS),
        axes.barh([0], [0], color="C1", label=OURS_32),
        axes.plot([], [], color="black", linewidth=2, label="target")[0],
    ]
    axes.legend(handles=handles, loc="lower right")


def _draw_peers(axes, results: list[Result]) -> None:
    names = [result.workload.name for result in results]
    for k, contestant in enumerate((SKLEARN, TORCH, JAX, FLOOR_32)):
        ratios = [(i, result.ratio(contestant, OURS_32)) for i, result in enumerate(results)]
        present = [(i, ratio.median) for i, ratio in ratios if ratio is not None]
        if present:
            at, heights = zip(*present, strict=True)
            label = f"{contestant} float64" if contestant == SKLEARN else contestant
            shifted = [i + 0.2 * (k - 1.5) for i in at]
            axes.bar(shifted, heights, 0.19, color=f"C{k + 2}", label=label)
    axes.axhline(1, color="C1", linewidth=2, label=OURS_32)
    axes.set_xticks(range(len(names)), names)
    axes.set_yscale("log")
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ticks if low <= tick <= high], minor=False)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_ylabel("time per epoch / ours float32")
    axes.legend(fontsize="small", ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))


def _draw_scaling(axes, results: list[Result]) -> None:
    highest = 0.0
    for result in results:
        n = [int(name.split()[0].replace(",", "")) for name in result.medians]
        values = [seconds * 1e6 for seconds in result.medians.values()]
        axes.plot(n, values, "o-", color="C0", label=OURS)
        highest = max(highest, *values)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.3 * highest or 1)
    axes.set_xlabel("rows")
    axes.set_ylabel("µs per row and epoch, W3")
