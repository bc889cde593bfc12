"""Accuracy on the univariate sets of the NIST Statistical Reference Datasets (StRD).

The sets NumAcc1 to NumAcc4 are built here by the rule that NIST gives; the certified values are a
mean and a standard deviation that are exact for the decimal numbers.
"""

import math
import subprocess
import sys

import numpy as np
import pytest

from apps.stats import chart
from apps.stats.estimators import mean, weighted_mean
from apps.stats.subgroups import Subgroups


def alternating(first: float, low: float, high: float) -> np.ndarray:
    return np.array([first, *([low, high] * 500)])


SETS = {
    # name: values, certified mean, certified standard deviation, digits that binary input allows
    "NumAcc1": (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0, 15),
    "NumAcc2": (alternating(1.2, 1.1, 1.3), 1.2, 0.1, 14),
    "NumAcc3": (alternating(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1, 9),
    "NumAcc4": (alternating(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1, 8),
}


def digits(computed: float, certified: float) -> float:
    """Log relative error: the number of correct digits."""
    error = abs(computed - certified) / abs(certified)
    return 16.0 if error == 0 else -math.log10(error)


@pytest.mark.parametrize("name", SETS)
def test_means(name: str) -> None:
    values, certified, _, _ = SETS[name]
    assert digits(mean(values), certified) >= 15
    assert digits(weighted_mean(values, np.ones(len(values))), certified) >= 15
    assert digits(float(Subgroups(values, np.array([0])).means[0]), certified) >= 15


@pytest.mark.parametrize("name", SETS)
def test_standard_deviations(name: str) -> None:
    values, _, certified, allowed = SETS[name]
    assert digits(float(Subgroups(values, np.array([0])).sds[0]), certified) >= allowed - 0.5


@pytest.mark.parametrize("name", list(SETS)[1:])
def test_charts_of_the_sets(name: str) -> None:
    """All moving ranges but the first are 0.2, so the within sigma is known."""
    values, center, _, allowed = SETS[name]
    sigma = (0.1 + 999 * 0.2) / 1000 * math.sqrt(math.pi) / 2
    phase = chart("i-mr", values).phases[0]
    assert digits(phase.center, center) >= 15
    assert digits(phase.sigma, sigma) >= allowed - 0.5


def test_the_engine_needs_no_scipy_for_the_usual_charts() -> None:
    script = (
        "import sys, apps.stats; assert 'numpy' not in sys.modules;"
        "apps.stats.chart('xbar-r', [1, 2, 3, 4], subgroup_size=2);"
        "assert not any(name.startswith('scipy') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
