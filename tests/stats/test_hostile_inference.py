"""Hostile data in every function: a result without NaN where a figure is due, or our own error."""

import json
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps import stats
from apps.stats.errors import StatsError
from apps.stats.plain import as_plain

GROUPED = ([0, 0, 1, 1, 2, 2] * 2, [0] * 6 + [1] * 6)
SINGLE = {
    "normality": lambda v: stats.normality(v),
    "shapiro": lambda v: stats.shapiro_wilk(v),
    "ryan-joiner": lambda v: stats.ryan_joiner(v),
    "histogram": lambda v: stats.histogram(v),
    "capability": lambda v: stats.capability(v, lsl=-1.0, usl=2.0, target=0.5),
    "capability-subgroups": lambda v: stats.capability(v, usl=2.0, subgroup_size=3),
    "nonnormal": lambda v: stats.nonnormal_capability(v, lsl=-1.0, usl=2.0),
    "nonnormal-z": lambda v: stats.nonnormal_capability(v, usl=2.0, method="z-score"),
    "binomial": lambda v: stats.binomial_capability(v, 50),
    "poisson": lambda v: stats.poisson_capability(v, 50),
    "bias": lambda v: stats.bias_study(v, 1.0),
    "stability": lambda v: stats.stability_study(v),
    "change-mean": lambda v: stats.change_point(v),
    "change-ranks": lambda v: stats.change_point(v, method="pettitt"),
    "trend": lambda v: stats.trend(v),
    "gage": lambda v: stats.gage_crossed(v, *GROUPED),
    "gage-range": lambda v: stats.gage_crossed(v, *GROUPED, method="range"),
    "gage-nested": lambda v: stats.gage_nested(v, *GROUPED),
    "pareto": lambda v: stats.pareto({str(place): size for place, size in enumerate(v)}),
    "kendall-w": lambda v: stats.kendall_w([v, v[::-1], v]),
    "chi-square": lambda v: stats.chi_square([v, v]),
}
DOUBLE = {
    kind: partial(stats.compare, kind=kind)
    for kind in (
        "means",
        "paired-means",
        "ranks",
        "paired-ranks",
        "medians",
        "signs",
        "variances",
        "variances-bonett",
        "proportions",
        "rates",
    )
} | {
    "anova": lambda x, y: stats.one_way_anova({"x": x, "y": y, "z": [*x, *y]}),
    "welch-anova": lambda x, y: stats.one_way_anova({"x": x, "y": y}, equal_spread=False),
    "kruskal": lambda x, y: stats.kruskal_wallis({"x": x, "y": y}),
    "correlation": lambda x, y: stats.correlation(x, y),
    "spearman": lambda x, y: stats.correlation(x, y, method="spearman"),
    "regression": lambda x, y: stats.regression(x, {"y": y}),
    "equivalence": lambda x, y: stats.equivalence(x, y, low=-1.0, high=1.0),
    "linearity": lambda x, y: stats.linearity_study(x, y),
    "kendall-tau": lambda x, y: stats.kendall_tau(x, y),
}

tame = st.integers(-20, 20).map(float)
wild = st.floats(allow_nan=True, allow_infinity=True)
extreme = st.sampled_from([0.0, 1.0, 1e-300, 5e-324, 1e300, -1e300, 1e59, 1e-59, math.nan])
values = st.one_of(
    st.lists(tame, max_size=14),
    st.lists(wild, max_size=14),
    st.lists(st.one_of(tame, extreme), max_size=14),
    st.lists(tame, min_size=12, max_size=12),
    st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12),
)
FAR = 2.0**30


def _is_due(name: str, figures: dict) -> bool:
    """A p-value, where there is one, lies between 0 and 1."""
    p_value = figures.get("p_value")
    return p_value is None or 0.0 <= p_value <= 1.0


def _check(name, call, *args):
    try:
        result = call(*args)
    except StatsError as error:
        sentence = str(error)
        if sentence == error.code or "{" in sentence:
            pytest.fail(f"{name}: the code {error.code} has no sentence")
        return
    figures = result.to_dict()
    assert json.loads(json.dumps(as_plain(figures), allow_nan=False))
    assert _is_due(name, figures)
    assert all(str(notice) != notice.code for notice in getattr(result, "warnings", ()))


@pytest.mark.parametrize("name", sorted(SINGLE))
@given(sample=values)
@settings(max_examples=60, deadline=None)
def test_one_list(name, sample):
    _check(name, SINGLE[name], sample)


@pytest.mark.parametrize("name", sorted(DOUBLE))
@given(first=values, second=values)
@settings(max_examples=60, deadline=None)
def test_two_lists(name, first, second):
    _check(name, DOUBLE[name], first, second)


@pytest.mark.parametrize("name", ["paired-means", "correlation", "regression", "linearity"])
@given(pairs=st.lists(st.tuples(st.one_of(tame, extreme), st.one_of(tame, extreme)), max_size=14))
@settings(max_examples=80, deadline=None)
def test_two_lists_of_one_length(name, pairs):
    _check(name, DOUBLE[name], [a for a, _b in pairs], [b for _a, b in pairs])


def _figures(result):
    """All plain numbers of a result that do not move with the zero point, by path."""
    moving = {"mean", "median", "before", "after", "fitted", "reference", "groups", "design"}
    moving |= {"lsl", "usl", "target"}
    found = {}

    def walk(path, node):
        if isinstance(node, dict):
            for key, item in node.items():
                if key not in moving:
                    walk((*path, key), item)
        elif isinstance(node, list):
            for place, item in enumerate(node):
                if path != ("coefficients",) or place > 0:  # the intercept moves
                    walk((*path, place), item)
        elif isinstance(node, float):
            found[path] = node

    walk((), as_plain(result.to_dict()))
    return found


NOISE = (np.random.default_rng(17).standard_normal((2, 48)) * 2**20).round() / 2**20
STEADY = {
    "normality": lambda o: stats.normality(NOISE[0] + o),
    "shapiro": lambda o: stats.shapiro_wilk(NOISE[0] + o),
    "ryan-joiner": lambda o: stats.ryan_joiner(NOISE[0] + o),
    "capability": lambda o: stats.capability(NOISE[0] + o, lsl=o - 4, usl=o + 5, target=o),
    "means": lambda o: stats.compare(NOISE[0] + o, NOISE[1] + o + 0.5),
    "paired-means": lambda o: stats.compare(NOISE[0] + o, NOISE[1] + o, kind="paired-means"),
    "ranks": lambda o: stats.compare(NOISE[0] + o, NOISE[1] + o, kind="ranks"),
    "variances": lambda o: stats.compare(NOISE[0] + o, NOISE[1] + o, kind="variances"),
    "bonett": lambda o: stats.compare(NOISE[0] + o, NOISE[1] + o, kind="variances-bonett"),
    "anova": lambda o: stats.one_way_anova(
        {"a": NOISE[0] + o, "b": NOISE[1] + o, "c": NOISE[0] + o + 0.25}
    ),
    "welch-anova": lambda o: stats.one_way_anova(
        {"a": NOISE[0] + o, "b": NOISE[1] + o}, equal_spread=False
    ),
    "correlation": lambda o: stats.correlation(NOISE[0] + o, NOISE[1] - o),
    "regression": lambda o: stats.regression(NOISE[0] + o, {"x": NOISE[1] + o}),
    "gage": lambda o: stats.gage_crossed(
        NOISE[0] + o, [0, 0, 1, 1, 2, 2, 3, 3] * 6, np.repeat([0, 1, 2], 16)
    ),
    "gage-range": lambda o: stats.gage_crossed(
        NOISE[0] + o, [0, 0, 1, 1, 2, 2, 3, 3] * 6, np.repeat([0, 1, 2], 16), method="range"
    ),
    "bias": lambda o: stats.bias_study(NOISE[0] + o, o + 0.125),
    "change": lambda o: stats.change_point(NOISE[0] + o),
    "equivalence": lambda o: stats.equivalence(NOISE[0] + o, NOISE[1] + o, low=-1, high=1),
}


@pytest.mark.parametrize("name", sorted(STEADY))
def test_figures_keep_ten_digits_at_a_billion(name):
    # The noise is cut to 2^-20, so adding 2^30 rounds nothing: every figure that does not carry
    # the zero point must come out the same.
    near, far = _figures(STEADY[name](0.0)), _figures(STEADY[name](FAR))
    assert near.keys() == far.keys()
    assert near
    for path, value in near.items():
        assert far[path] == pytest.approx(value, rel=1e-10, abs=1e-13), path


@pytest.mark.parametrize(
    "refused",
    [
        lambda: stats.t_quantile(1.5, 10),
        lambda: stats.t_quantile(math.nan, 10),
        lambda: stats.t_quantile(0.9, 0),
        lambda: stats.bench_z(math.nan, 3.0),
        lambda: stats.shewhart_arl(0.0),
        lambda: stats.shewhart_arl(3.0, math.nan),
    ],
)
def test_figures_out_of_range_are_refused(refused):
    with pytest.raises(stats.InvalidSpecification):
        refused()


def test_what_is_out_of_numerical_reach_is_infinite():
    assert stats.shewhart_arl(40.0) == math.inf
    assert stats.t_quantile(1.0, 5) == math.inf
    assert stats.t_quantile(0.0, 5) == -math.inf
