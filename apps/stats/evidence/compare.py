"""One entrance to the two-sample comparisons."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.stats.errors import InvalidSpecification
from apps.stats.evidence.means import compare_means, compare_paired_means
from apps.stats.evidence.medians import compare_medians, compare_signs
from apps.stats.evidence.proportions import compare_proportions
from apps.stats.evidence.ranks import compare_paired_ranks, compare_ranks
from apps.stats.evidence.rates import compare_rates
from apps.stats.evidence.results import Comparison
from apps.stats.evidence.variances import compare_variances, compare_variances_bonett

# One line per kind: name -> the comparison that answers it.
KINDS: dict[str, Callable[..., Comparison]] = {
    "means": compare_means,
    "paired-means": compare_paired_means,
    "ranks": compare_ranks,
    "paired-ranks": compare_paired_ranks,
    "medians": compare_medians,
    "signs": compare_signs,
    "variances": compare_variances,
    "variances-bonett": compare_variances_bonett,
    "proportions": compare_proportions,
    "rates": compare_rates,
}


def compare(
    before: Sequence[Any], after: Sequence[Any], *, kind: str = "means", confidence: float = 0.95
) -> Comparison:
    """Compare two samples: did what was measured change?

    Parameters
    ----------
    before, after
        Arrays of values, or a pair (count, n) for "proportions" and (events, exposure) for
        "rates".
    kind : str
        A key of ``KINDS``.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    Comparison
        With estimate, interval, effect size, checks and a verdict key.

    Raises
    ------
    InvalidSpecification
        If the kind is unknown; otherwise as the comparison chosen.

    References
    ----------
    Those of the comparison chosen; NIST/SEMATECH e-Handbook of Statistical Methods, section 7.3.

    Examples
    --------
    >>> compare((30, 200), (12, 210), kind="proportions").verdict
    'lower'
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise InvalidSpecification("unknown_choice", {"value": kind, "choices": ", ".join(KINDS)})
    return chosen(before, after, confidence=confidence)
