"""Verdicts: stable keys that the web application translates, and their English sentences."""

import math
from collections.abc import Mapping
from typing import Any

from apps.stats.messages_inference import VERDICTS
from apps.stats.plain import Result

# Where a result keeps the figure its verdict speaks of, the first one present wins.
FIGURES = ("estimate", "shift", "bias", "effect_size")


class Judged(Result):
    """Base of the results that carry a ``verdict``; gives it as an English sentence too."""

    __slots__ = ()

    @property
    def sentence(self) -> str:
        """The verdict as an English sentence with its figures."""
        result: Any = self
        figure: Any = next((getattr(self, name) for name in FIGURES if hasattr(self, name)), None)
        params = {
            "estimate": getattr(figure, "value", math.nan),
            "lower": getattr(figure, "lower", math.nan),
            "upper": getattr(figure, "upper", math.nan),
            "p_value": getattr(self, "p_value", math.nan),
        }
        return verdict_sentence(result.verdict, params)


def verdict_sentence(verdict: str, params: Mapping[str, float]) -> str:
    """Return the English sentence of a verdict key.

    Examples
    --------
    >>> verdict_sentence("no_difference", {"lower": -1.0, "upper": 2.0, "p_value": 0.4})
    'No difference is shown (p = 0.4); it may be anything from -1 to 2.'
    """
    return VERDICTS[verdict].format(**params)
