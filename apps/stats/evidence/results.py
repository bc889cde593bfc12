"""What a comparison gives back: estimate, interval, effect size, checks and a verdict."""

from dataclasses import dataclass, field

from apps.stats.results import Notice
from apps.stats.verdicts import Judged


@dataclass(frozen=True, slots=True)
class Effect:
    """A named figure with its confidence interval; NaN where it cannot be stated.

    Examples
    --------
    >>> Effect("difference", 1.0, 0.5, 1.5).value
    1.0
    """

    name: str
    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one assumption: statistic, p-value where there is one, and whether it holds."""

    name: str
    statistic: float
    p_value: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Size, centre and spread of one group; what does not apply is None."""

    name: str
    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    count: int | None = None
    exposure: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison(Judged):
    """A comparison, ready to be read by people and programs.

    ``estimate`` is the difference in the unit of the data (after minus before, or the ratio where
    it says so), ``effect_size`` a figure without unit. ``verdict`` is a stable key; ``sentence``
    says it in English.

    Examples
    --------
    >>> from apps.stats import compare
    >>> compare([1, 2, 3, 4], [5, 6, 7, 8]).verdict
    'higher'
    """

    test: str
    statistic: float
    df: float | None
    p_value: float
    confidence: float
    estimate: Effect
    effect_size: Effect
    groups: tuple[Group, ...]
    checks: tuple[Check, ...]
    verdict: str
    warnings: tuple[Notice, ...] = field(default=())

    @property
    def is_significant(self) -> bool:
        """True where the p-value is below one minus the confidence level."""
        return self.p_value < 1.0 - self.confidence


def directed_verdict(p_value: float, difference: float, confidence: float) -> str:
    """Return "higher", "lower" or "no_difference".

    Examples
    --------
    >>> directed_verdict(0.01, -2.0, 0.95)
    'lower'
    """
    if not p_value < 1.0 - confidence:
        return "no_difference"
    return "higher" if difference > 0 else "lower"
