"""Control chart constants against printed tables, closed forms and the defining integrals."""

import math

import numpy as np
import pytest

from apps.stats import constants as table
from apps.stats.errors import InvalidSpecification

# Montgomery, Introduction to Statistical Quality Control, 7th ed., appendix VI, n = 2 to 25.
PRINTED = {
    "d2": "1.128 1.693 2.059 2.326 2.534 2.704 2.847 2.970 3.078 3.173 3.258 3.336 3.407 3.472 "
    "3.532 3.588 3.640 3.689 3.735 3.778 3.819 3.858 3.895 3.931",
    "d3": "0.853 0.888 0.880 0.864 0.848 0.833 0.820 0.808 0.797 0.787 0.778 0.770 0.763 0.756 "
    "0.750 0.744 0.739 0.734 0.729 0.724 0.720 0.716 0.712 0.708",
    "c4": "0.7979 0.8862 0.9213 0.9400 0.9515 0.9594 0.9650 0.9693 0.9727 0.9754 0.9776 0.9794 "
    "0.9810 0.9823 0.9835 0.9845 0.9854 0.9862 0.9869 0.9876 0.9882 0.9887 0.9892 0.9896",
    "A2": "1.880 1.023 0.729 0.577 0.483 0.419 0.373 0.337 0.308 0.285 0.266 0.249 0.235 0.223 "
    "0.212 0.203 0.194 0.187 0.180 0.173 0.167 0.162 0.157 0.153",
    "A3": "2.659 1.954 1.628 1.427 1.287 1.182 1.099 1.032 0.975 0.927 0.886 0.850 0.817 0.789 "
    "0.763 0.739 0.718 0.698 0.680 0.663 0.647 0.633 0.619 0.606",
    "B3": "0 0 0 0 0.030 0.118 0.185 0.239 0.284 0.321 0.354 0.382 0.406 0.428 0.448 0.466 0.482 "
    "0.497 0.510 0.523 0.534 0.545 0.555 0.565",
    "B4": "3.267 2.568 2.266 2.089 1.970 1.882 1.815 1.761 1.716 1.679 1.646 1.618 1.594 1.572 "
    "1.552 1.534 1.518 1.503 1.490 1.477 1.466 1.455 1.445 1.435",
    "B5": "0 0 0 0 0.029 0.113 0.179 0.232 0.276 0.313 0.346 0.374 0.399 0.421 0.440 0.458 0.475 "
    "0.490 0.504 0.516 0.528 0.539 0.549 0.559",
    "B6": "2.606 2.276 2.088 1.964 1.874 1.806 1.751 1.707 1.669 1.637 1.610 1.585 1.563 1.544 "
    "1.526 1.511 1.496 1.483 1.470 1.459 1.448 1.438 1.429 1.420",
    "D3": "0 0 0 0 0 0.076 0.136 0.184 0.223 0.256 0.283 0.307 0.328 0.347 0.363 0.378 0.391 "
    "0.403 0.415 0.425 0.434 0.443 0.451 0.459",
    "D4": "3.267 2.574 2.282 2.114 2.004 1.924 1.864 1.816 1.777 1.744 1.717 1.693 1.672 1.653 "
    "1.637 1.622 1.608 1.597 1.585 1.575 1.566 1.557 1.548 1.541",
}
CASES = [
    (name, n, printed)
    for name, row in PRINTED.items()
    for n, printed in enumerate(row.split(), start=2)
]
# Printed one off in the last digit: the table's D3 and D4 rest on rounded d2 and d3.
ROUNDED_BEFORE = {
    ("d3", 19),
    ("D3", 19),
    ("D3", 22),
    ("D3", 24),
    ("D4", 3),
    ("D4", 18),
    ("D4", 19),
    ("D4", 22),
}


@pytest.mark.parametrize(("name", "n", "printed"), CASES)
def test_montgomery_appendix_vi(name: str, n: int, printed: str) -> None:
    unit = 10.0 ** -max(3, len(printed.partition(".")[2]))
    slack = 1.0 if (name, n) in ROUNDED_BEFORE else 0.501
    assert getattr(table.constants(n), name) == pytest.approx(float(printed), abs=slack * unit)


@pytest.mark.parametrize(
    ("computed", "exact"),
    [
        (table.d2(2), 2 / math.sqrt(math.pi)),
        (table.d2(3), 3 / math.sqrt(math.pi)),
        (table.d2(4), 6 / math.pi**1.5 * 2 * math.atan(math.sqrt(2))),
        (table.d3(2), math.sqrt(2 - 4 / math.pi)),
        (table.d4(2), 0.9538725524089355),  # sqrt(2) * normal quantile of 0.75
        (table.c4(2), math.sqrt(2 / math.pi)),
        (table.c4(3), math.sqrt(math.pi) / 2),
        (table.c4(5), 3 * math.sqrt(2 * math.pi) / 8),
        (table.c5(2), math.sqrt(1 - 2 / math.pi)),
    ],
)
def test_closed_forms(computed: float, exact: float) -> None:
    assert computed == pytest.approx(exact, rel=2e-13)


@pytest.mark.parametrize(
    ("n", "mean", "sd"),
    # Harter (1960), Annals of Mathematical Statistics 31: moments of the range, as in qcc 2.7.
    [(5, 2.325928947, 0.864081942), (10, 3.077505462, 0.797050580), (25, 3.930629218, 0.708441282)],
)
def test_range_moments_of_harter(n: int, mean: float, sd: float) -> None:
    assert table.d2(n) == pytest.approx(mean, abs=2e-7)
    assert table.d3(n) == pytest.approx(sd, abs=2e-5)


def test_c4_changes_from_gamma_functions_to_series_without_a_step() -> None:
    below, above = table.c4(101.0), table.c4(math.nextafter(101.0, 200.0))
    assert below == pytest.approx(above, rel=1e-14)


def test_printed_constants_carry_the_decimals_of_a_table() -> None:
    two = table.constants(2, printed=True)
    assert (two.d2, two.c4, two.d4, two.D4, two.A2) == (1.128, 0.7979, 0.954, 3.267, 1.88)


@pytest.mark.parametrize("n", [1, 0, -3, 101])
def test_sizes_without_a_range_are_refused(n: int) -> None:
    with pytest.raises(InvalidSpecification):
        table.d2(n)


# Duncan, Quality Control and Industrial Statistics, table D3: equivalent degrees of freedom.
@pytest.mark.parametrize(
    ("n", "k", "df"), [(5, 20, 72.7), (5, 1, 3.83), (2, 10, 9.0), (5, 10, 36.5), (3, 10, 18.4)]
)
def test_equivalent_degrees_of_freedom_of_duncan(n: int, k: int, df: float) -> None:
    relative = (table.d3(n) / table.d2(n)) ** 2 / k
    assert table.equivalent_df(relative) == pytest.approx(df, rel=0.06)


def test_variance_of_the_mean_moving_range_matches_simulation() -> None:
    noise = np.random.default_rng(3).standard_normal((40_000, 21))
    means = np.abs(np.diff(noise, axis=1)).mean(axis=1)
    simulated = means.var() / means.mean() ** 2
    assert table.mean_range_variance(20) == pytest.approx(simulated, rel=0.03)
