"""Textbook series, read from the files beside this one; each names its source in its first line."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "data"


def column(file: str, name: str, *, trial: bool | None = None) -> np.ndarray:
    """One column of a data file, all rows or only those of (outside) the trial period."""
    lines = (FOLDER / f"{file}.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = list(csv.DictReader(lines))
    if trial is not None:
        rows = [row for row in rows if (row["trial"].upper() == "TRUE") is trial]
    return np.array([float(row[name]) for row in rows])
