"""English sentences for the codes carried by errors and notices.

The web application translates by code; a person at a terminal reads these.  One line per code.
"""

from apps.stats import messages_advice, messages_inference

ERRORS: dict[str, str] = {
    "unknown_chart": "There is no chart type '{kind}'; choose one of {known}.",
    "unknown_rule": "There is no run rule '{rule}'; write set:number, for example nelson:2.",
    "unknown_rule_set": "There is no rule set '{set}'; choose one of {known}.",
    "unknown_estimator": "'{estimator}' cannot estimate sigma for {kind}; choose one of {known}.",
    "unknown_option": "'{value}' is not a choice for {option}; choose one of {known}.",
    "not_numeric": "{what} must be numbers; correct or remove the entry that is not.",
    "not_finite": "{what} holds an infinite value at position {position}; correct or remove it.",
    "wrong_shape": "{what} must have {expected} dimension(s), not {got}; pass one row per point.",
    "wrong_length": "{what} has {got} entries but {expected} are needed, one per {per}.",
    "no_values": "There are no values to chart; add data.",
    "too_few_points": "{needed} usable points are needed for limits and {got} are there; "
    "add data, exclude less or give center and sigma.",
    "too_few_rows": "{needed} usable rows are needed for {variables} variables and {got} are "
    "there; add data or drop variables.",
    "no_subgroups": "A {kind} chart needs subgroups; give subgroups or a subgroup size of 2 "
    "or more.",
    "subgroups_not_used": "A {kind} chart takes one value per point; leave the subgroups out.",
    "only_single_subgroups": "No subgroup holds two values, so the spread within subgroups is "
    "unknown; use an i-mr chart.",
    "subgroup_size": "The subgroup size must be a whole number of 1 or more, not {value}.",
    "subgroups_twice": "Give either subgroup labels or a subgroup size, not both.",
    "subgroups_too_large": "Ranges are not used for subgroups of more than {largest} values "
    "(got {got}); use xbar-s.",
    "sizes_needed": "A {kind} chart needs the sample size of each point; give sizes.",
    "sizes_not_used": "A {kind} chart has no sample sizes; leave them out or use the "
    "{instead} chart.",
    "size_negative": "The sample size at position {position} is {value}; it cannot be below 0.",
    "size_missing": "The sample size at position {position} is missing or zero while a count is "
    "there; give the size.",
    "count_negative": "The count at position {position} is {value}; a count cannot be below 0.",
    "count_not_whole": "The count at position {position} is {value}; give whole counts and put "
    "the sample size in sizes.",
    "count_above_size": "The count at position {position} is {value} of {size}; it cannot be more "
    "than the sample size.",
    "value_negative": "The value at position {position} is {value}; times between events cannot "
    "be below 0.",
    "sigma_not_positive": "sigma must be above 0, not {value}.",
    "center_not_finite": "center must be a finite number, not {value}.",
    "center_out_of_range": "center must lie between {low} and {high}, not {value}.",
    "phase_order": "Phases must start at 0 or later, rise, and stay under the {n_points} points; "
    "correct start {start}.",
    "baseline_range": "The baseline {first}:{stop} must lie within its phase {low}:{high} and hold "
    "at least one point.",
    "baseline_and_frozen": "Give a phase either a baseline or frozen limits, not both.",
    "frozen_incomplete": "The frozen limits of a {kind} chart lack '{missing}'; freeze them from a "
    "chart of that type.",
    "option_range": "{option} must be {expected}, not {value}.",
    "overflow": "The values are too large to compute with; rescale them.",
    "no_variation": "All values are equal, so there is no spread to judge; check the measurement.",
    "singular_covariance": "The variables are linearly dependent, so T2 is not defined; drop "
    "one of them.",
    "parts_not_used": "A {kind} chart knows no parts; leave them out or use z-mr.",
    "rules_not_incremental": "The rules {rules} judge a whole series; leave them out of a chart "
    "that is extended point by point.",
    "subgroups_differ": "Earlier points were subgroups and these are not, or the reverse; append "
    "the same kind.",
    "parts_needed": "A z-mr chart needs the part of each value; give parts.",
    "rules_need_limits": "The rule set {set} needs control limits, which a run chart has not; "
    "use anhoej.",
}

NOTICES: dict[str, str] = {
    "few_points": "The limits rest on {n} points; treat them as provisional under {recommended}.",
    "zero_sigma": "The values used for the limits do not vary, so the limits have no width.",
    "missing_values": "{n} values are missing; patterns and moving ranges do not cross them.",
    "labels_repeat": "{n} subgroup labels come back later; each run of equal labels is one "
    "subgroup.",
    "single_subgroups": "{n} subgroups hold one value; they take no part in sigma.",
    "large_ranges": "Subgroups hold up to {n} values; above {limit} the standard deviation is a "
    "better measure (xbar-s).",
    "small_expected_counts": "The expected count is {expected:.3g} at the smallest sample; under "
    "{limit} the limits are rough.",
    "overdispersed": "The points vary {sigma_z:.3g} times as much as the sample sizes explain; "
    "a Laney chart allows for it.",
    "rules_left_out": "The rules {rules} do not hold for this chart and were left out.",
    "phase_too_short": "The phase '{phase}' is too short for limits of its own; it is shown "
    "without.",
    "between_is_zero": "The subgroup means vary no more than the values within subgroups.",
    "zero_times": "{n} times are 0; record times more finely or use a count chart.",
}

ERRORS |= messages_inference.ERRORS
NOTICES |= messages_inference.NOTICES | messages_advice.NOTICES
