"""English sentences of the chart advisor; :mod:`apps.stats.messages` joins them to the others."""

NOTICES: dict[str, str] = {
    "advice_read_as_values": "The numbers are read as measured values; say so if they are counts.",
    "advice_read_as_defectives": "Counts with sample sizes are read as defective units.",
    "advice_read_as_defects": "The numbers are read as counts of defects.",
    "advice_read_as_rows": "Each row is read as one observation of several variables.",
    "advice_several_variables": "{n} variables are judged together, with their correlation.",
    "advice_variables_apart": "{n} separate charts miss points that are only odd together.",
    "advice_for_small_shifts": "It finds small lasting shifts sooner and large ones later; "
    "use it beside the chart when those matter.",
    "advice_times": "Times between rare events show a change sooner than counts that are mostly 0.",
    "advice_gaps": "Units between rare events show a change sooner than counts that are mostly 0.",
    "advice_not_g": "It is for whole numbers of units between events.",
    "advice_not_t": "It is for times between events.",
    "advice_skewed_by_nature": "Gaps between events are skewed, so limits on both sides mislead.",
    "advice_defectives": "Defective units among those inspected follow the binomial distribution.",
    "advice_defects": "Defects in an area of opportunity follow the Poisson distribution.",
    "advice_too_rare": "The mean count is {mean:.2g}; chart the time or the units between events.",
    "advice_counts_have_their_own_sigma": "The spread of counts follows from their mean and size.",
    "advice_limits_too_narrow": "Its limits allow only for the spread within samples.",
    "advice_not_overdispersed": "The points vary {sigma_z:.3g} times what the sizes explain: "
    "nothing to allow for.",
    "advice_a_unit_counts_once": "A unit is defective or not; it is not counted twice.",
    "advice_equal_areas": "No areas are given, so all count as equal.",
    "advice_subgroups": "Subgroups of up to {n} values show the spread within and between.",
    "advice_subgroups_show_within": "Single values would mix the spread within and between.",
    "advice_means_vary_more": "The means vary {ratio:.3g} times what the spread within explains.",
    "advice_means_vary_as_expected": "The means vary no more than the spread within explains.",
    "advice_stratified": "The means vary only {ratio:.3g} times what the spread within explains; "
    "each subgroup may mix different sources.",
    "advice_not_xbar-r": "The range wastes information in subgroups of more than {n}.",
    "advice_not_xbar-s": "Up to {n} values the range is as good and easier to read.",
    "advice_no_subgroups": "There are no subgroups.",
    "advice_individuals": "Single measured values in time order.",
    "advice_run_chart": "{n} values suffice to see runs around the median, not for limits.",
    "advice_too_few_for_limits": "{n} values are too few for limits; {needed} are the least.",
    "advice_coarse": "There are only {distinct} different values; measure more finely.",
    "advice_autocorrelated": "Neighbouring values resemble each other (r = {r:.2f}), so the limits "
    "are too narrow; sample less often or chart the differences.",
    "advice_not_normal": "The values are not normal (p = {p_value:.2g}); expect more signals on "
    "the longer tail.",
}
