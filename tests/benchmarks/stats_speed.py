"""How fast the control charts are: ratios to bare numpy and to other packages, in one run.

Run ``python -m tests.benchmarks.stats_speed`` (add ``--quick`` for a tenth of the points).  The
peers are compared when they can be imported: ``pip install --no-deps --target DIR statprocon==2.0.0
pyspc==0.4`` and put DIR on PYTHONPATH.  Exit code 1: a ratio is above what is promised.
"""

import argparse
import resource
import subprocess
import sys
import time
import tracemalloc
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from apps.stats import FrozenLimits, begin, chart, extend
from tests.benchmarks import stats_bare_numpy as bare
from tests.benchmarks.table import note

try:
    from statprocon import XmR
except ImportError:
    XmR = None
try:
    from pyspc.ccharts.mr import xmr
    from pyspc.rules import rules as pyspc_rules
except ImportError:
    xmr = pyspc_rules = None

RULES = "nelson"
MILLION = 1_000_000


@dataclass
class Report:
    """Lines printed as they are measured, and what was missed."""

    missed: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        print(text, flush=True)

    def ratio(self, name: str, value: float, at_most: float) -> None:
        if not note("engine", name, value, target=at_most):
            self.missed.append(name)


def seconds(work: Callable[[], Any], least: int = 5) -> float:
    """The fastest of several runs: what the work costs when nothing else disturbs it."""
    found = []
    for _ in range(least):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def alternately(first: Callable[[], Any], second: Callable[[], Any], rounds: int = 9) -> float:
    """Ratio of the fastest runs of two pieces of work, taken in turn under the same load."""
    pairs = [(seconds(first, 1), seconds(second, 1)) for _ in range(rounds)]
    return min(a for a, _ in pairs) / min(b for _, b in pairs)


def engine(x: np.ndarray) -> Any:
    """Limits, all eight rules, the span of each pattern, the set of rules of each point."""
    judged = chart("i-mr", x, rules=RULES)
    return judged, judged.rule_flags, judged.signal_table.first


def floor(x: np.ndarray) -> Any:
    return bare.nelson(x, *bare.individuals(x))


def same_signals(x: np.ndarray) -> bool:
    """Whether bare numpy and the engine mark the same points by each rule."""
    table = chart("i-mr", x, rules=RULES).signal_table
    level = table.panel == 0
    marked = floor(x)
    return all(
        np.array_equal(table.point[level & (table.rule == number - 1)], marked[number])
        for number in range(1, 9)
    )


def against_bare_numpy(report: Report, x: np.ndarray) -> None:
    report.line(f"same signals as bare numpy: {same_signals(x)}")
    if not same_signals(x):
        report.missed.append("same signals")
    report.line(f"bare numpy, eight rules: {seconds(lambda: floor(x)) * 1e3:.1f} ms")
    report.line(f"engine, i-mr, eight rules: {seconds(lambda: engine(x)) * 1e3:.1f} ms")
    report.ratio("i-mr over bare numpy", alternately(lambda: engine(x), lambda: floor(x)), 2.0)
    whole = x[: len(x) // 5 * 5]
    report.ratio(
        "xbar-r over bare means and ranges",
        alternately(lambda: chart("xbar-r", whole, subgroup_size=5), lambda: bare.xbar_r(whole, 5)),
        3.0,
    )


def growth(report: Report, largest: int) -> None:
    """Time per point from a thousand points up; the last step must stay linear."""
    rng = np.random.default_rng(1)
    per_point = {}
    n = 1000
    while n <= largest:
        x = rng.normal(size=n)
        taken = seconds(lambda x=x: engine(x), 3)
        per_point[n] = taken / n
        report.line(f"i-mr, {n:>10,} points: {taken * 1e3:9.2f} ms, {taken / n * 1e9:7.1f} ns each")
        n *= 10
    report.ratio(
        "ns per point, largest over a tenth of it",
        per_point[largest] / per_point[largest // 10],
        2.0,
    )


def memory(report: Report, x: np.ndarray) -> None:
    tracemalloc.start()
    kept = engine(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    report.line(f"peak of allocations: {peak / 1e6:.0f} MB for {x.nbytes / 1e6:.0f} MB of input")
    report.ratio("peak memory over input", peak / x.nbytes, 25.0)


def whole_process(report: Report, n: int) -> None:
    """Peak resident memory of a process that does nothing but one analysis."""
    script = (
        "import numpy as np; from apps.stats import chart;"
        f"x = np.random.default_rng(0).normal(size={n});"
        "chart('i-mr', x, rules='nelson').rule_flags;"
        "print([line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line][0])"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    report.line(f"peak resident, own process: {int(output.stdout) / 1024:.0f} MB")


def incremental(report: Report, largest: int) -> None:
    frozen = FrozenLimits(0.0, 1.0)
    rng = np.random.default_rng(2)
    ten = rng.normal(size=10)
    states = [
        extend(begin("i-mr", frozen, rules=RULES), rng.normal(size=n)).state
        for n in (1000, largest)
    ]
    ratio = alternately(lambda: extend(states[1], ten), lambda: extend(states[0], ten), 200)
    taken = seconds(lambda: extend(states[1], ten), 200)
    report.line(f"ten points onto {largest:,}: {taken * 1e3:.3f} ms")
    report.ratio(f"ten points onto {largest:,} over ten onto 1,000", ratio, 1.5)


def other_charts(report: Report, x: np.ndarray) -> None:
    for kind, given in (
        ("xbar-s", {"subgroup_size": 5}),
        ("ewma", {}),
        ("cusum", {}),
        ("ma", {}),
        ("run", {}),
    ):
        taken = seconds(lambda kind=kind, given=given: chart(kind, x, **given), 3)
        report.line(f"{kind}, {len(x):,} values: {taken * 1e3:.1f} ms")
    rng = np.random.default_rng(3)
    counts, sizes = rng.poisson(6, len(x)), rng.integers(20, 90, len(x)) * 1.0
    taken = seconds(lambda: chart("p", counts, sizes=np.maximum(sizes, counts), rules=RULES), 3)
    report.line(f"p with varying sizes, eight rules, {len(x):,} points: {taken * 1e3:.1f} ms")
    rows = rng.normal(size=(len(x) // 10, 3))
    report.line(
        f"t2, {len(rows):,} rows of 3: {seconds(lambda: chart('t2', rows), 3) * 1e3:.1f} ms"
    )


def peers(report: Report, x: np.ndarray) -> None:
    statprocon(report, x)
    pyspc(report, x)


def statprocon(report: Report, x: np.ndarray) -> None:
    if XmR is None:
        report.line("statprocon: not installed, not compared")
        return

    def work() -> None:
        judged = XmR(counts=values)
        judged.rule_1_x_indices_beyond_limits()
        judged.rule_1_mr_indices_beyond_limits()
        judged.rule_2_runs_about_central_line()
        judged.rule_3_runs_near_limits()

    values = x.tolist()
    theirs = seconds(work, 1)
    ours = seconds(lambda: chart("i-mr", x, rules="western-electric").rule_flags)
    report.line(f"statprocon 2.0.0, limits and its three rules: {theirs * 1e3:.0f} ms")
    report.line(f"engine, limits and four rules: {ours * 1e3:.1f} ms")
    report.ratio("engine over statprocon", ours / theirs, 1 / 20)


def pyspc(report: Report, x: np.ndarray) -> None:
    if xmr is None:
        report.line("pyspc: not installed, not compared")
        return
    # Its rules draw on an axis as they go; this one takes the calls and does nothing.
    axis = types.SimpleNamespace(plot=lambda *_args, **_kwargs: None)
    values = x.tolist()

    def work() -> None:
        _, center, lcl, ucl, _ = xmr().plot(values, 1)
        basic = pyspc_rules()
        basic.RULE_1_BEYOND_3SIGMA(axis, values, center, lcl, ucl)
        basic.RULE_7_ON_ONE_SIDE(axis, values, center, lcl, ucl)

    theirs = seconds(work, 1)
    ours = seconds(lambda: chart("i-mr", x, rules="aiag:1,2").rule_flags)
    report.line(f"pyspc 0.4, limits and its two rules: {theirs * 1e3:.0f} ms")
    report.line(f"engine, limits and two rules: {ours * 1e3:.1f} ms")
    report.ratio("engine over pyspc", ours / theirs, 1 / 5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points")
    points = MILLION // 10 if parser.parse_args().quick else MILLION
    x = np.random.default_rng(0).normal(size=points)
    report = Report()
    against_bare_numpy(report, x)
    growth(report, 10 * points)
    memory(report, x)
    whole_process(report, points)
    incremental(report, points)
    other_charts(report, x)
    peers(report, x)
    report.line(
        f"peak resident of this run: "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )
    report.line("missed: " + (", ".join(report.missed) or "nothing"))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
