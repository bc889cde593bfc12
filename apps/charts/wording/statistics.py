"""Sentences of the engine's errors and notices, by their code, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

PROBLEMS = {
    "no_values": _("No chart yet. Import 20 or more values to see if the process is stable."),
    "too_few_points": _(
        "Limits need %(needed)s points that count, and there are %(got)s. Add data, or leave fewer out."
    ),
    "no_subgroups": _("This chart needs subgroups. Set them on the characteristic."),
    "subgroups_not_used": _("This chart takes single values. Choose an X̄ chart for subgroups."),
    "only_single_subgroups": _(
        "No subgroup holds two values, so the spread within subgroups is unknown. Use an I-MR chart."
    ),
    "subgroups_too_large": _(
        "Ranges are not used for subgroups of more than %(largest)s values, and there are %(got)s. "
        "Use an X̄-S chart."
    ),
    "sizes_needed": _("This chart needs the sample size of each point. Import it with the counts."),
    "sizes_not_used": _("This chart takes no sample sizes. Choose another chart."),
    "size_missing": _("A count has no sample size (row %(position)s). Correct the data."),
    "size_negative": _("A sample size is negative (row %(position)s). Correct the data."),
    "count_negative": _("A count is negative (row %(position)s). Correct the data."),
    "count_not_whole": _("%(value)s is not a whole count (row %(position)s). Correct the data."),
    "count_above_size": _(
        "%(value)s of %(size)s is more than all (row %(position)s). Correct the data."
    ),
    "sigma_not_positive": _("The frozen limits have no width. Release them."),
    "center_out_of_range": _("The frozen center line cannot be one of this chart. Release it."),
    "overflow": _("The values are too large to compute with. Use a larger unit."),
    "values_too_large": _("The values are too large to compute with. Use a larger unit."),
    "values_too_small": _("The values differ too little to compute with. Use a smaller unit."),
    "no_variation": _(
        "All values are equal, so there is no spread to judge. Check the measurement."
    ),
    "too_few_values": _("%(needed)s values are needed and there are %(n)s. Collect more."),
    "no_limits": _("Capability needs a specification limit. Set one on the characteristic."),
    "target_outside": _("The target lies outside the specification limits. Correct one of them."),
    "more_defects_than_opportunities": _(
        "There are more defects than units, so there is no sigma level per unit."
    ),
    "no_units": _("There are no units, so no rate exists."),
}

WARNINGS = {
    "few_points": _("The limits rest on %(n)s points. They are provisional under %(recommended)s."),
    "zero_sigma": _("The values that set the limits do not vary, so the limits have no width."),
    "missing_values": _("%(n)s values are missing. Runs and moving ranges do not cross them."),
    "labels_repeat": _(
        "%(n)s subgroup labels come back later. Each run of equal labels is one subgroup."
    ),
    "single_subgroups": _("%(n)s subgroups hold one value. They take no part in sigma."),
    "large_ranges": _(
        "Subgroups hold up to %(n)s values. Above %(limit)s the X̄-S chart measures spread better."
    ),
    "small_expected_counts": _(
        "The expected count is %(expected)s at the smallest sample. Under %(limit)s the limits are rough."
    ),
    "overdispersed": _(
        "The points vary %(sigma_z)s times as much as the sample sizes explain. Read the limits with care."
    ),
    "rules_left_out": _("The rules %(rules)s do not hold for this chart and were left out."),
    "signals_cut": _(
        "The points break the rules %(n)s times. The newest %(shown)s signals are listed."
    ),
    "phase_too_short": _("A phase has too few points for limits of its own yet."),
    "missing_left_out": _("%(n)s missing values were left out."),
    "unstable": _(
        "The process is not stable, so its capability cannot be predicted. Find the causes first."
    ),
    "few_values": _("%(n)s values are few for a capability. Collect at least %(needed)s."),
    "not_normal": _("Not quite normal (Anderson-Darling p %(p_value)s). Read Ppk as a guide."),
    "no_within_variation": _(
        "The values do not vary within subgroups, so only overall figures are given."
    ),
    "few_distinct_values": _(
        "Only %(distinct)s different values occur. Measure with a finer gauge."
    ),
    "constant_values": _("All values are equal."),
    "no_defects": _("No defect was found: the data give a bound, not a level."),
    "all_defective": _("Every unit was defective: the data give a bound, not a level."),
    "few_units": _("%(n)s units are few. The interval is wide."),
}


def sentence_of(message: Mapping[str, Any]) -> str:
    """The stored message `{"code", "params", "text"}` as a sentence; else the engine's own."""
    known = PROBLEMS.get(message["code"]) or WARNINGS.get(message["code"])
    if known is None:
        return str(message.get("text") or message["code"])
    words = {key: _text(value, key) for key, value in message["params"].items()}
    try:
        return str(known) % words
    except KeyError:
        return str(message.get("text") or message["code"])


def _text(value: Any, key: str) -> str:
    if key == "position" and isinstance(value, int):
        return str(value + 1)
    if key == "p_value" and isinstance(value, float):
        return "< 0.001" if value < 0.001 else f"= {value:.3f}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
