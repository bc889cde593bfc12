"""Statistics for quality work: control charts, capability, measurement systems, evidence.

Arrays in, frozen dataclasses of plain numbers out; nothing here knows of the web.  Names load on
first use, so importing the package costs nothing.

Examples
--------
>>> from apps.stats import chart
>>> chart("i-mr", [5.0, 6.0, 5.5, 6.5, 5.0, 6.0, 12.0]).signals[0].point
6
"""

from importlib import import_module
from typing import Any

# One name per line: public name -> module that holds it.
_EXPORTS = {
    "Advice": "advisor",
    "AgreementStudy": "msa.attribute",
    "BinomialCapability": "capability_counts",
    "Capability": "capability_normal",
    "ChangePoint": "change_points",
    "ChartState": "incremental",
    "ChiSquare": "evidence.contingency",
    "Comparison": "evidence.results",
    "ControlChart": "results",
    "Correlation": "evidence.correlation",
    "DEFAULT_RULES": "rules",
    "DegenerateData": "errors",
    "Effect": "evidence.results",
    "Equivalence": "evidence.equivalence",
    "Estimate": "intervals",
    "Extension": "incremental",
    "Fit": "nonnormal",
    "Forecast": "forecasting",
    "FrozenLimits": "results",
    "GageStudy": "msa.results",
    "GroupTest": "evidence.groups",
    "Histogram": "histograms",
    "Index": "capability_intervals",
    "InvalidSpecification": "errors",
    "Kappa": "msa.kappa",
    "NonnormalCapability": "nonnormal",
    "Normality": "normality_tests",
    "NotEnoughData": "errors",
    "Notice": "results",
    "Panel": "results",
    "Pareto": "pareto_analysis",
    "Phase": "results",
    "PhaseSummary": "results",
    "PoissonCapability": "capability_counts",
    "ProcessStep": "sigma_levels",
    "Regression": "evidence.regression",
    "RolledYield": "sigma_levels",
    "Rule": "rules",
    "SampleSize": "power",
    "SigmaLevel": "sigma_levels",
    "Signal": "results",
    "StatsError": "errors",
    "Verdict": "nhs",
    "WithinSigma": "capability_within",
    "advise": "advisor",
    "anderson_darling": "normality_tests",
    "attribute_agreement": "msa.attribute",
    "begin": "incremental",
    "bench_z": "capability_normal",
    "bias_study": "msa.bias",
    "binomial_capability": "capability_counts",
    "capability": "capability_normal",
    "change_point": "change_points",
    "chart": "engine",
    "chi_square": "evidence.contingency",
    "clopper_pearson": "intervals",
    "cohen_kappa": "msa.kappa",
    "compare": "evidence.compare",
    "compare_means": "evidence.means",
    "compare_medians": "evidence.medians",
    "compare_paired_means": "evidence.means",
    "compare_paired_proportions": "evidence.proportions",
    "compare_paired_ranks": "evidence.ranks",
    "compare_proportions": "evidence.proportions",
    "compare_ranks": "evidence.ranks",
    "compare_rates": "evidence.rates",
    "compare_signs": "evidence.medians",
    "compare_variances": "evidence.variances",
    "compare_variances_bonett": "evidence.variances",
    "correlation": "evidence.correlation",
    "cusum_arl": "arl",
    "dpmo_to_sigma": "sigma_levels",
    "equivalence": "evidence.equivalence",
    "ewma_arl": "arl",
    "extend": "incremental",
    "false_alarm_rate": "rules",
    "first_time_yield": "sigma_levels",
    "fit_distributions": "nonnormal",
    "fleiss_kappa": "msa.kappa",
    "forecast": "forecasting",
    "gage_crossed": "msa.gage",
    "gage_nested": "msa.gage",
    "histogram": "histograms",
    "kendall_tau": "msa.ordinal",
    "kendall_w": "msa.ordinal",
    "kruskal_wallis": "evidence.groups",
    "linearity_study": "msa.bias",
    "nonnormal_capability": "nonnormal",
    "nonnormal_ppk_interval": "nonnormal_intervals",
    "normalised_yield": "sigma_levels",
    "normality": "normality_tests",
    "one_way_anova": "evidence.groups",
    "pareto": "pareto_analysis",
    "poisson_capability": "capability_counts",
    "poisson_interval": "intervals",
    "power_of_means": "power",
    "power_of_proportions": "power",
    "power_of_rates": "power",
    "regression": "evidence.regression",
    "rolled_throughput_yield": "sigma_levels",
    "rule_set": "rules",
    "ryan_joiner": "normality_tests",
    "sample_size_for_mean": "precision",
    "sample_size_for_share": "precision",
    "sample_size_means": "power",
    "sample_size_proportions": "power",
    "sample_size_rates": "power",
    "shapiro_wilk": "normality_tests",
    "shewhart_arl": "arl",
    "sigma_level": "sigma_levels",
    "sigma_to_dpmo": "sigma_levels",
    "stability_study": "msa.stability",
    "t_quantile": "evidence.means",
    "throughput_yield": "sigma_levels",
    "trend": "evidence.regression",
    "verdict": "nhs",
    "wilson_interval": "evidence.proportions",
    "within_sigma": "capability_within",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return __all__
