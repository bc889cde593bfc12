"""Results as plain values, ready for JSON."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from apps.stats.results import Notice


class Result:
    """Base of the frozen results: gives ``to_dict``."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; what is not a finite number becomes None."""
        read: dict[str, Any] = as_plain(self)
        return read


def as_plain(value: Any) -> Any:
    """Return nested results, arrays and notices as dicts, lists, numbers and strings.

    Examples
    --------
    >>> as_plain({"a": np.array([1.0, np.nan]), "b": (np.int64(2), "x")})
    {'a': [1.0, None], 'b': [2, 'x']}
    """
    if isinstance(value, Notice):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name.rstrip("_"): as_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return as_plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
