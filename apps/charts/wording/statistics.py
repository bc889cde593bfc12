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
    "unknown_chart": _("There is no chart type “%(kind)s”. Choose one of %(known)s."),
    "unknown_rule": _("There is no run rule “%(rule)s”. Write set:number, for example nelson:2."),
    "unknown_rule_set": _("There is no rule set “%(set)s”. Choose one of %(known)s."),
    "unknown_estimator": _(
        "“%(estimator)s” cannot estimate sigma for %(kind)s. Choose one of %(known)s."
    ),
    "unknown_option": _("“%(value)s” is not a choice for %(option)s. Choose one of %(known)s."),
    "not_numeric": _("Only numbers can be charted. Correct or remove the entry that is not one."),
    "not_finite": _("A value is infinite (row %(position)s). Correct or remove it."),
    "wrong_shape": _(
        "The data do not have the shape that this chart needs. Give one row per point."
    ),
    "wrong_length": _("%(got)s entries are there but %(expected)s are needed. Complete the data."),
    "too_few_rows": _(
        "%(needed)s usable rows are needed for %(variables)s variables and %(got)s are there. Add data or drop variables."
    ),
    "subgroup_size": _("The subgroup size must be a whole number of 1 or more, not %(value)s."),
    "subgroups_twice": _("Give either subgroup labels or a subgroup size, not both."),
    "value_negative": _(
        "%(value)s is below 0 (row %(position)s). A time between events cannot be negative."
    ),
    "center_not_finite": _("The center line must be a finite number. Release the frozen limits."),
    "phase_order": _("The phases are not in order. Correct where they start."),
    "baseline_range": _("The baseline must lie within its phase and hold at least one point."),
    "baseline_and_frozen": _("Give a phase either a baseline or frozen limits, not both."),
    "frozen_incomplete": _("The frozen limits come from another kind of chart. Freeze them again."),
    "option_range": _("The setting %(option)s must be %(expected)s, not %(value)s."),
    "singular_covariance": _(
        "The variables depend on each other, so T² is not defined. Drop one of them."
    ),
    "parts_not_used": _("This chart knows no parts. Leave them out or use a Z-MR chart."),
    "rules_not_incremental": _("The rules %(rules)s judge a whole series. Choose others here."),
    "subgroups_differ": _(
        "Earlier points were subgroups and these are not, or the reverse. Import the same kind."
    ),
    "parts_needed": _("A Z-MR chart needs the part of each value. Import it with the values."),
    "rules_need_limits": _(
        "These rules need control limits, which a run chart has not. Use Anhøj’s rules."
    ),
    "not_numbers": _("%(name)s holds something that is not a number. Give numbers only."),
    "not_a_list": _("%(name)s must be a flat list of numbers."),
    "infinite_values": _("%(name)s holds an infinite value. Correct it or leave it out."),
    "unknown_choice": _("“%(value)s” is not known here. Choose one of %(choices)s."),
    "confidence_outside": _(
        "A confidence level of %(confidence)s makes no sense. Use one between 0 and 1, such as 0.95."
    ),
    "shapiro_large_sample": _(
        "Shapiro-Wilk holds up to %(largest)s values and there are %(n)s. Use Anderson-Darling."
    ),
    "limits_crossed": _(
        "The lower limit %(lsl)s is not below the upper limit %(usl)s. Correct them."
    ),
    "limit_not_finite": _(
        "A specification limit must be a finite number. Leave it out if there is none."
    ),
    "df_not_positive": _("Degrees of freedom must be above 0, not %(df)s."),
    "no_neighbours": _(
        "No two neighboring values are present, so there is no moving range. Collect values without gaps."
    ),
    "lengths_differ": _("The two lists have %(first)s and %(second)s entries. They must match."),
    "size_not_positive": _("A size must be a whole number of 1 or more, not %(size)s."),
    "bins_not_positive": _("The number of bins must be 1 or more, not %(bins)s."),
    "not_a_count": _("%(name)s must be a whole number of 0 or more, not %(value)s."),
    "not_a_share": _("%(name)s must lie between 0 and 1, not %(value)s."),
    "no_steps": _("A rolled yield needs at least one step."),
    "nothing_fits": _(
        "None of the distributions can describe these values. Check them for mistakes."
    ),
    "does_not_fit": _(
        "The %(distribution)s distribution cannot describe these values. Choose another or leave the choice open."
    ),
    "nothing_above_median": _("No value lies above the common median. The values are too coarse."),
    "too_few_groups": _("%(n)s groups are too few; %(needed)s or more are needed."),
    "empty_row": _("A row or column of the table holds nothing. Leave it out."),
    "not_a_table": _("Give a table of counts with two or more rows and columns."),
    "margins_crossed": _("The margins %(low)s and %(high)s are not in order. Give low below high."),
    "no_predictors": _("A regression needs at least one predictor."),
    "dependent_predictors": _("The predictors are linearly dependent. Leave one of them out."),
    "predictor_missing": _("Give new values for the predictor %(name)s too."),
    "tolerance_not_positive": _("The tolerance must be above 0, not %(tolerance)s."),
    "study_has_gaps": _("%(n)s measurements of the study are missing. A study must be complete."),
    "study_not_balanced": _(
        "Every operator must measure every part equally often. Complete the study."
    ),
    "study_too_small": _("A study needs two or more parts, operators and repeats. Measure more."),
    "not_square": _("Give a square table: the same categories in rows and columns."),
    "one_category": _(
        "All ratings are the same category, so agreement beyond chance is undefined. Include items of every category."
    ),
    "power_figures": _(
        "Sizes, margins and standard deviations must be above 0 and finite. Correct them."
    ),
    "power_target": _(
        "A power of %(power)s makes no sense here. Use one above the error rate and below 1, such as 0.9."
    ),
    "no_difference_to_find": _(
        "There is no difference to find. Give the smallest one that matters."
    ),
    "size_out_of_reach": _("No sample of practical size is enough. Look for a larger difference."),
    "nothing_counted": _("All categories are empty. Count something first."),
    "no_categories": _("There is no category. Give at least one."),
    "size_negative_or_infinite": _(
        "The size of %(name)s must be 0 or more and finite, not %(value)s."
    ),
    "horizon_not_positive": _("The horizon must be 1 or more, not %(horizon)s."),
    "season_needed": _("A seasonal forecast needs the length of the season, 2 or more."),
    "needs_positive": _("A multiplicative season needs values above 0. Use an additive one."),
    "draws_out_of_range": _(
        "The number of draws must lie between %(least)s and %(most)s, not %(draws)s."
    ),
    "no_index": _("There is no index to give an interval for. Check limits and distribution."),
    "not_a_pair": _("%(name)s must be a pair of two numbers."),
    "more_good_than_entered": _(
        "Step %(step)s: %(good)s good units cannot come from %(entered)s that entered."
    ),
}

# Ours: why a chart has no capability.
PROBLEMS |= {
    "capability_of_several": _(
        "Each variable has limits of its own. Chart it as a characteristic of its own to see its"
        " capability."
    ),
    "capability_of_times": _(
        "Capability compares values with what a customer tolerates. Rare events are not tolerated"
        " at any distance: watch whether the distance grows."
    ),
}

WARNINGS = {
    "untimed_left_out": _(
        "%(n)s observations have no time and stand in no subgroup. Give them a time or leave them out."
    ),
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
        "The points vary %(sigma_z)s times as much as the sample sizes explain. Choose a p′ or u′ chart, whose limits allow for it."
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
    "between_is_zero": _("The subgroup means vary no more than the values within subgroups."),
    "zero_times": _("%(n)s times are 0. Record times more finely or use a count chart."),
    "beyond_bound": _("Some values lie beyond a limit marked as physical bound. Check the bound."),
    "few_values_for_tails": _(
        "%(n)s values are few to know the tails of a distribution. Collect at least %(needed)s."
    ),
    "poor_fit": _(
        "Even the %(distribution)s distribution does not describe the values well (p %(p_value)s)."
    ),
    "few_samples": _("%(n)s samples are few for a capability. Collect at least %(needed)s."),
    "rates_differ": _(
        "The rate was not the same in all samples (p %(p_value)s). Look at the control chart first."
    ),
    "not_normal_small_sample": _(
        "A group of %(n)s does not look normal. Compare ranks or medians too."
    ),
    "order_matters": _(
        "Neighboring values resemble each other, so the sample tells less than its size suggests. Look at the control chart first."
    ),
    "spread_differs": _("The groups vary by different amounts."),
    "small_expected_cells": _("An expected count is %(smallest)s. Below 5 the p-value is rough."),
    "few_for_chi_square": _("The smallest group has %(n)s values. Below 5 the p-value is rough."),
    "predictors_overlap": _(
        "The predictors overlap: %(name)s has a variance inflation of %(factor)s, so single coefficients are uncertain."
    ),
    "negative_component": _("The estimate for %(name)s came out below zero and was set to zero."),
    "few_categories": _(
        "The gauge tells %(categories)s classes of product apart; %(needed)s are needed."
    ),
    "small_study": _("%(parts)s parts and %(operators)s operators are few for a gauge study."),
    "few_references": _("%(n)s reference values are few to judge linearity. Use 5 or more."),
    "few_items": _("%(n)s items are few for an agreement study. Use %(needed)s or more."),
    "no_vital_few": _(
        "%(vital)s of %(categories)s categories are needed to reach the share: none stands out. Look for another way to group."
    ),
    "rest_is_large": _("The rest category holds %(share)s of all. Split it up."),
    "only_recent_used": _("Only the last %(n)s values were used."),
    "short_history": _("%(n)s values are few for this forecast. Its limits are rough."),
    "residuals_not_independent": _(
        "The errors of the model still follow a pattern. The limits may be too narrow."
    ),
    "small_expected": _("An expected count is %(smallest)s. The exact test was used."),
}

# Why the advisor chose a chart or turned one down.
ADVICE = {
    "advice_read_as_values": _(
        "The numbers are read as measured values. Say so if they are counts."
    ),
    "advice_read_as_defectives": _("Counts with sample sizes are read as defective units."),
    "advice_read_as_defects": _("The numbers are read as counts of defects."),
    "advice_read_as_rows": _("Each row is read as one observation of several variables."),
    "advice_several_variables": _("%(n)s variables are judged together, with their correlation."),
    "advice_variables_apart": _("%(n)s separate charts miss points that are only odd together."),
    "advice_for_small_shifts": _(
        "It finds small lasting shifts sooner and large ones later. Use it beside the chart when those matter."
    ),
    "advice_times": _(
        "Times between rare events show a change sooner than counts that are mostly 0."
    ),
    "advice_gaps": _(
        "Units between rare events show a change sooner than counts that are mostly 0."
    ),
    "advice_not_g": _("It is for whole numbers of units between events."),
    "advice_not_t": _("It is for times between events."),
    "advice_skewed_by_nature": _(
        "Gaps between events are skewed, so limits on both sides mislead."
    ),
    "advice_defectives": _(
        "Defective units among those inspected follow the binomial distribution."
    ),
    "advice_defects": _("Defects in an area of opportunity follow the Poisson distribution."),
    "advice_too_rare": _("The mean count is %(mean)s. Chart the time or the units between events."),
    "advice_counts_have_their_own_sigma": _(
        "The spread of counts follows from their mean and size."
    ),
    "advice_limits_too_narrow": _("Its limits allow only for the spread within samples."),
    "advice_not_overdispersed": _(
        "The points vary %(sigma_z)s times what the sizes explain: nothing to allow for."
    ),
    "advice_a_unit_counts_once": _("A unit is defective or not. It is not counted twice."),
    "advice_equal_areas": _("No areas are given, so all count as equal."),
    "advice_subgroups": _("Subgroups of up to %(n)s values show the spread within and between."),
    "advice_subgroups_show_within": _("Single values would mix the spread within and between."),
    "advice_means_vary_more": _("The means vary %(ratio)s times what the spread within explains."),
    "advice_means_vary_as_expected": _("The means vary no more than the spread within explains."),
    "advice_stratified": _(
        "The means vary only %(ratio)s times what the spread within explains. Each subgroup may mix different sources."
    ),
    "advice_not_xbar-r": _("The range wastes information in subgroups of more than %(n)s."),
    "advice_not_xbar-s": _("Up to %(n)s values the range is as good and easier to read."),
    "advice_no_subgroups": _("There are no subgroups."),
    "advice_individuals": _("Single measured values in time order."),
    "advice_run_chart": _("%(n)s values suffice to see runs around the median, not for limits."),
    "advice_too_few_for_limits": _(
        "%(n)s values are too few for limits; %(needed)s are the least."
    ),
    "advice_coarse": _("There are only %(distinct)s different values. Measure more finely."),
    "advice_autocorrelated": _(
        "Neighboring values resemble each other (r = %(r)s), so the limits are too narrow. Sample less often or chart the differences."
    ),
    "advice_not_normal": _(
        "The values are not normal (p %(p_value)s). Expect more signals on the longer tail."
    ),
}


def sentence_of(message: Mapping[str, Any]) -> str:
    """The stored message `{"code", "params", "text"}` as a sentence; else the engine's own."""
    code = message["code"]
    known = PROBLEMS.get(code) or WARNINGS.get(code) or ADVICE.get(code)
    if known is None:
        return str(message.get("text") or message["code"])
    words = {key: _text(value, key) for key, value in message["params"].items()}
    try:
        return str(known) % words
    except KeyError:
        return str(message.get("text") or message["code"])


def _text(value: Any, key: str) -> str:
    if key == "position" and isinstance(value, int):
        return f"{value + 1:,}"
    if key == "p_value" and isinstance(value, float):
        return "< 0.001" if value < 0.001 else f"= {value:.3f}"
    if key == "share" and isinstance(value, float):
        return f"{value:.0%}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
