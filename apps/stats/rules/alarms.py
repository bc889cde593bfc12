"""How often a choice of rules alarms while nothing has changed."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from apps.stats.errors import InvalidSpecification
from apps.stats.rules.patterns import PATTERNS, WHOLE_SERIES, Judged
from apps.stats.rules.sets import Rule, RuleChoice, resolve

_POINTS_SIMULATED = 500_000
_FEWEST_SERIES, _MOST_SERIES = 200, 20_000
_LONGEST_SIMULATED = 5_000
_LONGEST = 1_000_000_000
_LIMIT = 3.0
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class FalseAlarmRate:
    """Share of stable series with at least one signal, with the standard error of that share."""

    rate: float
    standard_error: float
    n_points: int
    series: int


def false_alarm_rate(rules: RuleChoice, n_points: int = 100) -> FalseAlarmRate:
    """Chance of at least one signal in a stable, normal series with known center and sigma.

    Parameters
    ----------
    rules
        What `chart` takes.
    n_points
        Length of the series.

    Returns
    -------
    FalseAlarmRate
        Exact for the limits alone (standard error 0); otherwise counted in simulated series with a
        fixed seed, so the same question always has the same answer.

    Raises
    ------
    InvalidSpecification
        If a rule is unknown or `n_points` is below 1.

    References
    ----------
    Champ and Woodall (1987), Exact results for Shewhart control charts with supplementary runs
    rules, Technometrics 29, 393-399.

    Examples
    --------
    >>> round(false_alarm_rate("nelson:1", 100).rate, 3)
    0.237
    """
    if not 1 <= n_points <= _LONGEST:
        raise InvalidSpecification(
            "option_range",
            {"option": "n_points", "expected": f"1 to {_LONGEST}", "value": n_points},
        )
    return _rate(resolve(rules), int(n_points))


@lru_cache(maxsize=128)
def _rate(rules: tuple[Rule, ...], n_points: int) -> FalseAlarmRate:
    if not rules:
        return FalseAlarmRate(0.0, 0.0, n_points, 0)
    if all(rule.key == "beyond" for rule in rules):
        zone = min(rule.zone or _LIMIT for rule in rules)
        exact = -math.expm1(n_points * math.log(math.erf(zone / math.sqrt(2))))
        return FalseAlarmRate(exact, 0.0, n_points, 0)
    if n_points > _LONGEST_SIMULATED:
        part = _simulated(rules, _LONGEST_SIMULATED)
        times = n_points / _LONGEST_SIMULATED
        return FalseAlarmRate(
            1 - (1 - part.rate) ** times, part.standard_error, n_points, part.series
        )
    return _simulated(rules, n_points)


def _simulated(rules: tuple[Rule, ...], n_points: int) -> FalseAlarmRate:
    """All series are judged in one pass, kept apart by a missing point after each."""
    series = int(np.clip(_POINTS_SIMULATED // n_points, _FEWEST_SERIES, _MOST_SERIES))
    noise = np.random.default_rng(_SEED).standard_normal((series, n_points + 1))
    noise[:, -1] = np.nan
    alarmed = np.zeros(series, bool)
    local = [rule for rule in rules if rule.key not in WHOLE_SERIES]
    judged = Judged(noise.ravel(), 0.0, 1.0, -_LIMIT, _LIMIT)
    for rule in local:
        alarmed[PATTERNS[rule.key](judged, rule).points // (n_points + 1)] = True
    whole = [rule for rule in rules if rule.key in WHOLE_SERIES]
    if whole:
        for number in np.flatnonzero(~alarmed):
            one = Judged(noise[number, :-1], 0.0, 1.0, -_LIMIT, _LIMIT)
            alarmed[number] = any(len(PATTERNS[rule.key](one, rule).points) for rule in whole)
    rate = float(np.mean(alarmed))
    return FalseAlarmRate(rate, math.sqrt(rate * (1 - rate) / series), n_points, series)
