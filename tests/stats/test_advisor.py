"""The advisor names the chart a textbook names, says why, and warns of what spoils it."""

import numpy as np
import pytest

from apps.stats import InvalidSpecification, NotEnoughData, advise
from tests.stats.reference_data import column

RNG = np.random.default_rng(20261123)
DAY = RNG.normal(0, 0.05, 40)


def codes(advice) -> set[str]:
    return {notice.code for notice in (*advice.reasons, *advice.checks)}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        # Montgomery draws exactly these charts of these series.
        ("xbar-r", {"values": column("pistonrings", "diameter"), "subgroup_size": 5}),
        ("p", {"values": column("orangejuice", "D"), "sizes": column("orangejuice", "size")}),
        ("c", {"values": column("circuit", "x")}),
        ("u", {"values": column("pcmanufact", "x"), "sizes": column("pcmanufact", "size")}),
        ("i-mr", {"values": column("viscosity", "viscosity")}),
        ("xbar-s", {"values": RNG.normal(5, 1, 300), "subgroup_size": 12}),
        (
            "i-mr-rs",
            {
                "values": np.repeat(RNG.normal(0, 3, 30), 4) + RNG.normal(0, 1, 120),
                "subgroup_size": 4,
            },
        ),
        ("laney-p", {"values": RNG.binomial(2000, np.clip(0.2 + DAY, 0.01, 1)), "sizes": 2000}),
        ("laney-u", {"values": RNG.poisson(900 * (1 + 4 * np.abs(DAY))), "sizes": 300.5}),
        ("t", {"values": RNG.exponential(10, 30), "data": "times"}),
        ("g", {"values": RNG.geometric(0.02, 30), "data": "gaps"}),
        ("t2", {"values": RNG.normal(size=(40, 3))}),
        ("run", {"values": [3.1, 2.2, 4.0, 3.3, 2.9]}),
        ("i-mr", {"values": RNG.normal(size=(40, 1))}),
        ("i-mr", {"values": RNG.normal(5, 1, 40), "subgroup_size": 1}),
    ],
)
def test_recommended_chart(kind: str, given: dict) -> None:
    values = given.pop("values")
    advice = advise(values, **given)
    assert advice.kind == kind
    assert advice.reasons
    assert kind not in {each.kind for each in advice.rejected}
    assert all("{" not in sentence for sentence in advice.sentences())
    assert advice.to_dict()["kind"] == kind


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("advice_autocorrelated", {"values": np.cumsum(RNG.normal(size=80))}),
        ("advice_not_normal", {"values": RNG.exponential(1, 200)}),
        ("advice_coarse", {"values": np.tile([1.5, 1.6, 1.7, 1.5], 10)}),
        ("few_points", {"values": RNG.normal(size=12)}),
        (
            "advice_stratified",
            {"values": np.tile([0.0, 10.0, 20.0], 40) + RNG.normal(size=120), "subgroup_size": 3},
        ),
        ("advice_too_rare", {"values": [0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1], "data": "defects"}),
        ("small_expected_counts", {"values": [1, 0, 2, 1, 3, 1], "sizes": 40}),
        ("zero_sigma", {"values": [4.0] * 25}),
    ],
)
def test_checks_of_the_data(code: str, given: dict) -> None:
    values = given.pop("values")
    assert code in codes(advise(values, **given))


def test_stable_values_draw_no_warning() -> None:
    assert advise(RNG.normal(10, 1, 100)).checks == ()


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidSpecification):
        advise([1, 2], data="colours")  # type: ignore[arg-type]
    with pytest.raises(NotEnoughData):
        advise([])
    with pytest.raises(InvalidSpecification):
        advise(["a", "b"])
