"""Every public function and every chart against the hostile data of the trade, line by line.

Whatever comes: a result whose figures make sense, or an error of our own that says what to do.
numpy's and scipy's warnings are errors here, as in all tests.
"""

import inspect
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from apps import stats
from apps.stats import FrozenLimits, InvalidSpecification, Phase, StatsError
from apps.stats.plain import as_plain
from apps.stats.registry import CHART_TYPES
from tests.stats.chart_cases import GROUPED, ROWS

NOISE = np.random.default_rng(23).standard_normal(36)
NAN = math.nan

# --- What spoils a series -------------------------------------------------------------------------

SERIES: dict[str, list[float]] = {
    "no point": [],
    "one point": [4.0],
    "two points": [4.0, 5.0],
    "three points": [4.0, 5.0, 4.0],
    "constant": [5.0] * 36,
    "zeros": [0.0] * 36,
    "a billion and noise": (1e9 + NOISE).tolist(),
    "a billionth": (1e-9 * NOISE).tolist(),
    "positive billionths": (1e-9 * (5 + NOISE)).tolist(),
    "missing first": [NAN, *NOISE[1:].tolist()],
    "missing inside": [*NOISE[:17].tolist(), NAN, NAN, *NOISE[19:].tolist()],
    "missing last": [*NOISE[:-1].tolist(), NAN],
    "all missing": [NAN] * 36,
    "ties on the center": [0.0, 1.0, 0.0, -1.0, 0.0, 0.0] * 6,
    "ties, positive": [5.0, 6.0, 5.0, 4.0, 5.0, 5.0] * 6,
    "two values only": [1.0, 2.0] * 18,
    "expected counts far below one": [0.0] * 35 + [1.0],
    "all defective": [50.0] * 36,
    "negative": (-5 - np.abs(NOISE)).tolist(),
    "endless": [math.inf, *NOISE[1:].tolist()],
    "huge": (1e300 * NOISE).tolist(),
    "tiny": (1e-300 * NOISE).tolist(),
    "one of another world": [*NOISE[:-1].tolist(), 1e15],
}

SIX = [0, 0, 1, 1, 2, 2]
USES_A_SERIES: dict[str, Callable[[list[float]], Any]] = {
    "advise": lambda v: stats.advise(v),
    "anderson_darling": lambda v: stats.anderson_darling(v),
    "attribute_agreement": lambda v: stats.attribute_agreement(
        {"a": [[x] for x in v], "b": [[x] for x in v[::-1]]}
    ),
    "bias_study": lambda v: stats.bias_study(v, 1.0, tolerance=8.0),
    "binomial_capability": lambda v: stats.binomial_capability(v, 50),
    "capability": lambda v: stats.capability(v, lsl=-4.0, usl=6.0, target=1.0),
    "change_point": lambda v: stats.change_point(v),
    "chi_square": lambda v: stats.chi_square([v, v[::-1]]),
    "cohen_kappa": lambda v: stats.cohen_kappa(v, v[::-1]),
    "compare": lambda v: stats.compare(v, v[::-1]),
    "compare_means": lambda v: stats.compare_means(v, [x + 1 for x in v]),
    "compare_medians": lambda v: stats.compare_medians(v, NOISE),
    "compare_paired_means": lambda v: stats.compare_paired_means(v, v[::-1]),
    "compare_paired_ranks": lambda v: stats.compare_paired_ranks(v, v[::-1]),
    "compare_proportions": lambda v: stats.compare_proportions(v[:2], v[-2:]),
    "compare_ranks": lambda v: stats.compare_ranks(v, NOISE),
    "compare_rates": lambda v: stats.compare_rates(v[:2], v[-2:]),
    "compare_signs": lambda v: stats.compare_signs(v, v[::-1]),
    "compare_variances": lambda v: stats.compare_variances(v, NOISE),
    "compare_variances_bonett": lambda v: stats.compare_variances_bonett(v, NOISE),
    "correlation": lambda v: stats.correlation(v, v[::-1]),
    "equivalence": lambda v: stats.equivalence(v, v[::-1], low=-1.0, high=1.0),
    "fit_distributions": lambda v: stats.fit_distributions(v),
    "fleiss_kappa": lambda v: stats.fleiss_kappa([[x, y] for x, y in zip(v, v[::-1], strict=True)]),
    "forecast": lambda v: stats.forecast(v, horizon=3, model="ewma"),
    "gage_crossed": lambda v: stats.gage_crossed(v, SIX * 6, np.repeat([0, 1, 2], 12)),
    "gage_nested": lambda v: stats.gage_nested(v, SIX * 6, np.repeat([0, 1, 2], 12)),
    "histogram": lambda v: stats.histogram(v),
    "kendall_tau": lambda v: stats.kendall_tau(v, v[::-1]),
    "kendall_w": lambda v: stats.kendall_w([[x, y] for x, y in zip(v, v[::-1], strict=True)]),
    "kruskal_wallis": lambda v: stats.kruskal_wallis({"a": v, "b": NOISE}),
    "linearity_study": lambda v: stats.linearity_study(v, [1.0, 2.0, 3.0, 4.0] * 9),
    "nonnormal_capability": lambda v: stats.nonnormal_capability(v, usl=7.0),
    "nonnormal_ppk_interval": lambda v: stats.nonnormal_ppk_interval(
        stats.nonnormal_capability(v, usl=7.0, distribution="normal"), draws=100
    ),
    "normality": lambda v: stats.normality(v),
    "one_way_anova": lambda v: stats.one_way_anova({"a": v, "b": NOISE, "c": v[::-1]}),
    "pareto": lambda v: stats.pareto({str(place): value for place, value in enumerate(v)}),
    "poisson_capability": lambda v: stats.poisson_capability(v, 50),
    "regression": lambda v: stats.regression(v, {"x": v[::-1]}),
    "rolled_throughput_yield": lambda v: stats.rolled_throughput_yield(
        [stats.ProcessStep(x, y) for x, y in zip(v, v[::-1], strict=True)]
    ),
    "ryan_joiner": lambda v: stats.ryan_joiner(v),
    "shapiro_wilk": lambda v: stats.shapiro_wilk(v),
    "stability_study": lambda v: stats.stability_study(v, reference=1.0),
    "trend": lambda v: stats.trend(v),
    "verdict": lambda v: stats.verdict(
        stats.chart("i-mr", v, rules="nhs"), improvement="increase", target=0.5
    ),
    "within_sigma": lambda v: stats.within_sigma(v),
}

# --- What spoils a number -------------------------------------------------------------------------

NUMBERS = (0, 1, -1, 0.0, 0.5, -0.5, 1.0, 3.5, NAN, math.inf, -math.inf, 1e308, 5e-324, 2**53)
USES_NUMBERS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "bench_z": (stats.bench_z, (2.0, 3.0)),
    "clopper_pearson": (stats.clopper_pearson, (3, 20, 0.95)),
    "compare_paired_proportions": (stats.compare_paired_proportions, (3, 5, 20, 20)),
    "cusum_arl": (stats.cusum_arl, (0.5, 4.0)),
    "dpmo_to_sigma": (stats.dpmo_to_sigma, (6210.0,)),
    "ewma_arl": (stats.ewma_arl, (0.2, 2.9)),
    "false_alarm_rate": (lambda n: stats.false_alarm_rate("nelson:1", n), (100,)),
    "first_time_yield": (stats.first_time_yield, (100, 90)),
    "normalised_yield": (stats.normalised_yield, (0.8, 4)),
    "poisson_interval": (stats.poisson_interval, (3, 10.0, 0.95)),
    "power_of_means": (stats.power_of_means, (20, 1.0, 1.0)),
    "power_of_proportions": (stats.power_of_proportions, (50, 0.1, 0.3)),
    "power_of_rates": (stats.power_of_rates, (50.0, 0.2, 0.4)),
    "sample_size_for_mean": (stats.sample_size_for_mean, (0.5, 1.0)),
    "sample_size_for_share": (stats.sample_size_for_share, (0.05,)),
    "sample_size_means": (stats.sample_size_means, (1.0, 1.0)),
    "sample_size_proportions": (stats.sample_size_proportions, (0.1, 0.3)),
    "sample_size_rates": (stats.sample_size_rates, (0.2, 0.4)),
    "shewhart_arl": (stats.shewhart_arl, (3.0, 1.0)),
    "sigma_level": (stats.sigma_level, (3, 100)),
    "sigma_to_dpmo": (stats.sigma_to_dpmo, (4.0,)),
    "t_quantile": (stats.t_quantile, (0.975, 9.0)),
    "throughput_yield": (stats.throughput_yield, (0.1,)),
    "wilson_interval": (stats.wilson_interval, (3, 20, 0.95)),
}
# Designs out of reach have no figure: see the documentation of both.
MAY_BE_MISSING = {"cusum_arl", "ewma_arl"}
# The charts judge by lines of their own below; rule_set takes a name only.
OTHERWISE = {"begin", "chart", "extend", "rule_set"}


def numbers_of(result: Any) -> Iterator[tuple[str, Any]]:
    """Every (key, figure) of a plain result."""
    if isinstance(result, dict):
        for key, value in result.items():
            yield key, value
            yield from numbers_of(value)
    elif isinstance(result, list):
        for value in result:
            yield from numbers_of(value)


def assert_makes_sense(result: Any) -> None:
    """Plain JSON, probabilities between 0 and 1, intervals the right way round."""
    if isinstance(result, float):
        assert not math.isnan(result)
        return
    plain = as_plain(result.to_dict() if hasattr(result, "to_dict") else result)
    json.dumps(plain, allow_nan=False)
    for key, figure in numbers_of(plain):
        if key in ("p_value", "yield_", "share") and isinstance(figure, float):
            assert 0.0 <= figure <= 1.0, key
        if isinstance(figure, dict) and {"lower", "upper"} <= figure.keys():
            low, high = figure["lower"], figure["upper"]
            if isinstance(low, float) and isinstance(high, float):
                assert low <= high, key


def assert_is_ours(refusal: StatsError) -> None:
    sentence = str(refusal)
    assert sentence.endswith(".")
    assert sentence != refusal.code
    assert "{" not in sentence


def judge(call: Callable[[], Any], *, missing: bool = False) -> None:
    try:
        result = call()
    except StatsError as refusal:
        assert_is_ours(refusal)
        return
    if not (missing and math.isnan(result)):
        assert_makes_sense(result)


def test_every_public_function_is_in_the_table() -> None:
    functions = {
        name
        for name in stats.__all__
        if callable(getattr(stats, name)) and not inspect.isclass(getattr(stats, name))
    }
    assert {*USES_A_SERIES, *USES_NUMBERS, *OTHERWISE} == functions


@pytest.mark.parametrize("line", SERIES)
@pytest.mark.parametrize("function", USES_A_SERIES)
def test_a_hostile_series(function: str, line: str) -> None:
    judge(lambda: USES_A_SERIES[function](list(SERIES[line])))


@pytest.mark.parametrize("function", USES_NUMBERS)
def test_hostile_numbers_in_every_place(function: str) -> None:
    call, sane = USES_NUMBERS[function]
    assert_makes_sense(call(*sane))
    for place in range(len(sane)):
        for number in NUMBERS:
            judge(
                lambda p=place, n=number: call(*sane[:p], n, *sane[p + 1 :]),
                missing=function in MAY_BE_MISSING,
            )


def given_to(kind: str, values: list[float]) -> tuple[Any, dict[str, Any]]:
    """A series as that chart wants it."""
    more: dict[str, Any] = {}
    given: Any = values
    if kind in GROUPED:
        more["subgroup_size"] = 3
    if kind in ("p", "np", "laney-p", "u", "laney-u"):
        more["sizes"] = 50
    if kind == "z-mr":
        more["parts"] = (["a", "a", "b"] * len(values))[: len(values)]
    if kind in ROWS:
        given = [[value, other] for value, other in zip(values, values[::-1], strict=True)]
    return given, more


@pytest.mark.parametrize("line", SERIES)
@pytest.mark.parametrize("kind", CHART_TYPES)
def test_a_hostile_series_on_every_chart(kind: str, line: str) -> None:
    values, more = given_to(kind, list(SERIES[line]))
    judge(lambda: stats.chart(kind, values, rules="nelson", **more))
    frozen = FrozenLimits(4.0, 1.0)
    judge(lambda: stats.chart(kind, values, phases=[Phase(0, frozen=frozen)], **more))
    judge(lambda: stats.extend(stats.begin(kind, frozen), values, **more).state.n_points)


@pytest.mark.parametrize("kind", CHART_TYPES)
@pytest.mark.parametrize("sizes", [0, [0] * 36, [50] * 35 + [0], -1, NAN, [], 1e-12])
def test_sizes_of_nothing(kind: str, sizes: Any) -> None:
    values, more = given_to(kind, SERIES["ties, positive"])
    grouped = kind in GROUPED
    more["subgroup_size" if grouped else "sizes"] = sizes
    judge(lambda: stats.chart(kind, values, **more))
    if grouped and sizes == 0:
        with pytest.raises(InvalidSpecification):
            stats.chart(kind, values, **more)


@pytest.mark.parametrize(
    ("lsl", "usl"), [(5.0, 5.0), (6.0, 4.0), (NAN, 4.0), (-math.inf, math.inf)]
)
@pytest.mark.parametrize(
    "function",
    [
        lambda **limits: stats.capability(NOISE, **limits),
        lambda **limits: stats.nonnormal_capability(NOISE, **limits),
    ],
    ids=["normal", "non-normal"],
)
def test_limits_that_hold_nothing(function: Callable[..., Any], lsl: float, usl: float) -> None:
    with pytest.raises(InvalidSpecification) as caught:
        function(lsl=lsl, usl=usl)
    assert_is_ours(caught.value)


@pytest.mark.parametrize("count", [0, 1, 49, 50])
def test_all_or_no_defects_give_bounds_and_no_level_out_of_nothing(count: int) -> None:
    level = stats.sigma_level(count, 50)
    assert (level.z is None) == (count in (0, 50))
    share = stats.binomial_capability([count] * 4, 50).share
    assert 0.0 <= share.lower <= share.value <= share.upper <= 1.0
    panel = stats.chart("p", [count] * 25, sizes=50).panels[0]
    assert (panel.lcl >= 0).all()
    assert (panel.ucl <= 1).all()


# --- Ten digits at a billion ----------------------------------------------------------------------

FAR = 2.0**30
CUT = (NOISE * 2**20).round() / 2**20  # so that adding 2^30 rounds nothing


@pytest.mark.parametrize(
    "kind",
    [k for k in CHART_TYPES if k not in ("p", "np", "c", "u", "laney-p", "laney-u", "g", "t")],
)
def test_charts_keep_ten_digits_at_a_billion(kind: str) -> None:
    near, more = given_to(kind, CUT.tolist())
    far, _ = given_to(kind, (CUT + FAR).tolist())
    one, two = (stats.chart(kind, values, rules="nelson", **more) for values in (near, far))
    if kind != "run":
        assert two.phases[0].sigma == pytest.approx(one.phases[0].sigma, rel=1e-10, nan_ok=True)
    for first, second in zip(one.panels, two.panels, strict=True):
        moved = FAR if abs(float(np.nanmean(second.points))) > FAR / 2 else 0.0
        for line in ("points", "center", "lcl", "ucl"):
            # A line near 2^30 is itself stored to 1.2e-7; what does not move has no such excuse.
            np.testing.assert_allclose(
                getattr(second, line) - moved,
                getattr(first, line),
                rtol=1e-10,
                atol=3e-7 if moved else 1e-9,
                err_msg=f"{first.name} {line}",
            )
    assert {(s.panel, s.rule, s.point) for s in one.signals} == {
        (s.panel, s.rule, s.point) for s in two.signals
    }
