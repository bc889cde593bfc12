"""English sentences for the codes of capability, measurement systems, evidence and forecasts.

Kept apart from the sentences of the control charts; :mod:`apps.stats.messages` joins the two.
"""

ERRORS: dict[str, str] = {
    "not_numbers": "{name} holds something that is not a number; give numbers only.",
    "not_a_list": "{name} must be a flat list of numbers.",
    "infinite_values": "{name} holds an infinite value; correct it or leave it out.",
    "values_too_large": "{name} holds values too large to calculate with; use a larger unit.",
    "values_too_small": "The values differ too little to calculate with; use a smaller unit.",
    "too_few_values": "{name} has {n} usable values but {needed} are needed; collect more.",
    "unknown_choice": "'{value}' is not known here; choose one of {choices}.",
    "confidence_outside": "A confidence level of {confidence:g} makes no sense; use one "
    "between 0 and 1, such as 0.95.",
    "shapiro_large_sample": "Shapiro-Wilk holds up to {largest} values and there are {n}; use "
    "Anderson-Darling.",
    "no_limits": "Capability needs at least one limit that the process can cross; give lsl or usl.",
    "limits_crossed": "The lower limit {lsl:g} is not below the upper limit {usl:g}; correct them.",
    "limit_not_finite": "{name} must be a finite number; leave it out if there is none.",
    "target_outside": "The target {target:g} lies outside the limits; correct target or limits.",
    "df_not_positive": "Degrees of freedom must be above 0, not {df:g}.",
    "no_neighbours": "No two neighbouring values are present, so there is no moving range; "
    "collect values without gaps between them.",
    "lengths_differ": "The two lists have {first} and {second} entries; they must match.",
    "size_not_positive": "A size must be a whole number of 1 or more, not {size:g}.",
    "bins_not_positive": "The number of bins must be 1 or more, not {bins}.",
    "not_a_count": "{name} must be a whole number of 0 or more, not {value:g}.",
    "not_a_share": "{name} must lie between 0 and 1, not {value:g}.",
    "more_defects_than_opportunities": "{defects:g} defects cannot come from {chances:g} "
    "opportunities; count the opportunities of a unit anew.",
    "no_units": "There are no units, so no rate exists; count at least one.",
    "no_steps": "A rolled yield needs at least one step.",
    "nothing_fits": "None of the distributions can describe these values; check them for mistakes.",
    "does_not_fit": "The {distribution} distribution cannot describe these values; choose another "
    "or leave the choice open.",
    "nothing_above_median": "No value lies above the common median; the values are too coarse.",
    "too_few_groups": "{n} groups are too few; {needed} or more are needed.",
    "empty_row": "A row or column of the table holds nothing; leave it out.",
    "not_a_table": "Give a table of counts with two or more rows and columns.",
    "margins_crossed": "The margins {low:g} and {high:g} are not in order; give low below high.",
    "no_predictors": "A regression needs at least one predictor.",
    "dependent_predictors": "The predictors are linearly dependent; leave one of them out.",
    "predictor_missing": "Give new values for the predictor {name} too.",
    "tolerance_not_positive": "The tolerance must be above 0, not {tolerance:g}.",
    "study_has_gaps": "{n} measurements of the study are missing; a study must be complete.",
    "study_not_balanced": "Every operator must measure every part equally often; complete the "
    "study.",
    "study_too_small": "A study needs two or more parts, operators and repeats; measure more.",
    "not_square": "Give a square table: the same categories in rows and columns.",
    "one_category": "All ratings are the same category, so agreement beyond chance is undefined; "
    "include items of every category.",
    "power_figures": "Sizes, margins and standard deviations must be above 0 and finite; correct "
    "them.",
    "power_target": "A power of {power:g} makes no sense here; use one above the error rate and "
    "below 1, such as 0.9.",
    "no_difference_to_find": "There is no difference to find; give the smallest one that matters.",
    "size_out_of_reach": "No sample of practical size is enough; look for a larger difference.",
    "nothing_counted": "All categories are empty; count something first.",
    "no_categories": "There is no category; give at least one.",
    "size_negative_or_infinite": "The size of {name} must be 0 or more and finite, not {value:g}.",
    "horizon_not_positive": "The horizon must be 1 or more, not {horizon}.",
    "season_needed": "A seasonal forecast needs the length of the season, 2 or more.",
    "needs_positive": "A multiplicative season needs values above 0; use an additive one.",
    "draws_out_of_range": "The number of draws must lie between {least} and {most}, not {draws}.",
    "no_index": "There is no index to give an interval for; check limits and distribution.",
    "not_a_pair": "{name} must be a pair of two numbers.",
    "more_good_than_entered": "Step {step}: {good:g} good units cannot come from {entered:g} "
    "that entered.",
}

NOTICES: dict[str, str] = {
    "missing_left_out": "{n} missing values were left out.",
    "unstable": "The process is not stable, so its capability cannot be predicted; remove the "
    "special causes first.",
    "few_values": "{n} values are few for a capability; collect at least {needed}.",
    "not_normal": "The values do not look normal (p = {p_value:.3g}); fit another distribution.",
    "no_within_variation": "The values do not vary within subgroups, so only overall indices are "
    "given; check the resolution of the measurement.",
    "few_distinct_values": "Only {distinct} different values occur; measure with a finer gauge.",
    "beyond_bound": "Some values lie beyond a limit marked as physical bound; check the bound.",
    "constant_values": "All values are equal.",
    "no_defects": "No defect was found: the data give a bound, not a level.",
    "all_defective": "Every opportunity was a defect: the data give a bound, not a level.",
    "few_units": "{n} opportunities are few; the interval is wide.",
    "few_values_for_tails": "{n} values are few to know the tails of a distribution; collect at "
    "least {needed}.",
    "poor_fit": "Even the {distribution} distribution does not describe the values well "
    "(p = {p_value:.3g}).",
    "few_samples": "{n} samples are few for a capability; collect at least {needed}.",
    "rates_differ": "The rate was not the same in all samples (p = {p_value:.3g}); look at the "
    "control chart first.",
    "not_normal_small_sample": "A group of {n} does not look normal; compare ranks or medians too.",
    "order_matters": "Neighbouring values resemble each other, so the sample tells less than its "
    "size suggests; look at the control chart first.",
    "spread_differs": "The groups vary by different amounts.",
    "small_expected_cells": "An expected count is {smallest:.2g}; below 5 the p-value is rough.",
    "few_for_chi_square": "The smallest group has {n} values; below 5 the p-value is rough.",
    "predictors_overlap": "The predictors overlap: {name} has a variance inflation of "
    "{factor:.3g}, so single coefficients are uncertain.",
    "negative_component": "The estimate for {name} came out below zero and was set to zero.",
    "few_categories": "The gauge tells {categories} classes of product apart; {needed} are needed.",
    "small_study": "{parts} parts and {operators} operators are few for a gauge study.",
    "few_references": "{n} reference values are few to judge linearity; use 5 or more.",
    "few_items": "{n} items are few for an agreement study; use {needed} or more.",
    "no_vital_few": "{vital} of {categories} categories are needed to reach the share: none stands "
    "out; look for another way to group.",
    "rest_is_large": "The rest category holds {share:.0%}; split it up.",
    "only_recent_used": "Only the last {n} values were used.",
    "short_history": "{n} values are few for this forecast; its limits are rough.",
    "residuals_not_independent": "The errors of the model still follow a pattern; the limits may "
    "be too narrow.",
    "small_expected": "An expected count is {smallest:.2g}; the exact test was used.",
}

VERDICTS: dict[str, str] = {
    "higher": "The level rose by {estimate:.4g} ({lower:.4g} to {upper:.4g}); chance alone rarely "
    "does that (p = {p_value:.3g}).",
    "lower": "The level fell: the change is {estimate:.4g} ({lower:.4g} to {upper:.4g}); chance "
    "alone rarely does that (p = {p_value:.3g}).",
    "no_difference": "No difference is shown (p = {p_value:.3g}); it may be anything from "
    "{lower:.4g} to {upper:.4g}.",
    "spread_higher": "The spread rose: the ratio of standard deviations is {estimate:.4g} "
    "({lower:.4g} to {upper:.4g}, p = {p_value:.3g}).",
    "spread_lower": "The spread fell: the ratio of standard deviations is {estimate:.4g} "
    "({lower:.4g} to {upper:.4g}, p = {p_value:.3g}).",
    "no_spread_difference": "No difference in spread is shown (p = {p_value:.3g}); the ratio of "
    "standard deviations may be anything from {lower:.4g} to {upper:.4g}.",
    "groups_differ": "At least one group differs from the others (p = {p_value:.3g}).",
    "groups_alike": "No difference between the groups is shown (p = {p_value:.3g}).",
    "associated": "Rows and columns are associated (p = {p_value:.3g}).",
    "no_association": "No association is shown (p = {p_value:.3g}).",
    "rises_together": "The two rise together: r = {estimate:.3g} ({lower:.3g} to {upper:.3g}).",
    "falls_as_other_rises": "One falls as the other rises: r = {estimate:.3g} ({lower:.3g} to "
    "{upper:.3g}).",
    "no_correlation": "No correlation is shown (p = {p_value:.3g}).",
    "equivalent": "The difference is small enough not to matter: {lower:.4g} to {upper:.4g}.",
    "not_equivalent": "It is not shown that the difference is small enough: it may be anything "
    "from {lower:.4g} to {upper:.4g}.",
    "explains": "The predictors explain part of the variation (p = {p_value:.3g}).",
    "explains_nothing": "The predictors are not shown to explain any variation "
    "(p = {p_value:.3g}).",
    "changed": "The level changed by {estimate:.4g} ({lower:.4g} to {upper:.4g}, p = {p_value:.3g}).",
    "no_change": "No change of level is shown (p = {p_value:.3g}).",
    "biased": "The gauge is off by {estimate:.4g} ({lower:.4g} to {upper:.4g}, p = {p_value:.3g}).",
    "no_bias": "No bias of the gauge is shown.",
    "constant_bias": "The gauge is off by the same amount over its whole range.",
    "not_linear": "The bias of the gauge changes over its range.",
    "acceptable": "The gauge is good enough.",
    "marginal": "The gauge may be good enough, depending on use and cost.",
    "unacceptable": "The gauge is not good enough; improve it first.",
}
