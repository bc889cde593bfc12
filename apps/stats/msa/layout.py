"""Reading a balanced study: values with their part and operator labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from apps.stats.errors import DegenerateData, InvalidSpecification, NotEnoughData
from apps.stats.moments import FloatArray, read_values


@dataclass(frozen=True, slots=True)
class Layout:
    """Values of a balanced study, of shape (operators, parts, replicates), from a common origin."""

    values: FloatArray
    operators: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        operators, parts, replicates = self.values.shape
        return operators, parts, replicates


def read_layout(
    values: ArrayLike, parts: ArrayLike, operators: ArrayLike, *, nested: bool = False
) -> Layout:
    """Sort the values into operators, parts and replicates.

    Parameters
    ----------
    values, parts, operators : arrays of shape (n,)
        One entry per measurement, in any order.
    nested : bool
        True where each operator measured parts of his own; part labels may then repeat between
        operators without meaning the same part.

    Raises
    ------
    InvalidSpecification
        If a value is missing, the lists differ in length, or the study is not balanced.
    NotEnoughData
        With fewer than 2 parts or 2 replicates.
    DegenerateData
        If all values are equal.

    Examples
    --------
    >>> read_layout([1, 2, 3, 5], ["a", "a", "b", "b"], ["x"] * 4).shape
    (1, 2, 2)
    """
    present, missing = read_values(values)
    part_labels, operator_labels = np.asarray(parts).astype(str), np.asarray(operators).astype(str)
    for labels in (part_labels, operator_labels):
        if labels.shape != (present.size + missing,):
            raise InvalidSpecification(
                "lengths_differ", {"first": present.size + missing, "second": labels.size}
            )
    if missing:
        raise InvalidSpecification("study_has_gaps", {"n": missing})
    if present.size == 0:
        raise NotEnoughData("too_few_values", {"name": "values", "n": 0, "needed": 4})
    operator_names, operator_codes = np.unique(operator_labels, return_inverse=True)
    part_names, part_codes = np.unique(part_labels, return_inverse=True)
    if nested:
        part_codes = _numbered_within(operator_codes, part_codes)
    n_parts = int(part_codes.max()) + 1
    cells = operator_codes * n_parts + part_codes
    counts = np.bincount(cells, minlength=operator_names.size * n_parts)
    if np.unique(counts).size != 1:
        raise InvalidSpecification("study_not_balanced")
    if n_parts < 2 or counts[0] < 2:
        raise NotEnoughData("study_too_small")
    ordered = present[np.argsort(cells, kind="stable")] - present[0]
    if float(np.ptp(ordered)) == 0.0:
        raise DegenerateData("no_variation")
    return Layout(
        ordered.reshape(operator_names.size, n_parts, int(counts[0])),
        tuple(operator_names.tolist()),
        tuple(part_names.tolist()),
    )


def _numbered_within(operators: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Number the parts of each operator from zero."""
    numbered = np.zeros_like(parts)
    for operator in np.unique(operators):
        own = operators == operator
        numbered[own] = np.unique(parts[own], return_inverse=True)[1]
    return numbered
