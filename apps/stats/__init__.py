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
    "BinomialCapability": "capability_counts",
    "Advice": "advisor",
    "Capability": "capability_normal",
    "Comparison": "evidence.results",
    "ControlChart": "results",
    "DEFAULT_RULES": "rules",
    "DegenerateData": "errors",
    "Effect": "evidence.results",
    "Estimate": "intervals",
    "Fit": "nonnormal",
    "FrozenLimits": "results",
    "Histogram": "histograms",
    "Index": "capability_intervals",
    "InvalidSpecification": "errors",
    "NonnormalCapability": "nonnormal",
    "Normality": "normality_tests",
    "NotEnoughData": "errors",
    "Notice": "results",
    "Panel": "results",
    "Phase": "results",
    "PhaseSummary": "results",
    "PoissonCapability": "capability_counts",
    "ProcessStep": "sigma_levels",
    "RolledYield": "sigma_levels",
    "Rule": "rules",
    "SigmaLevel": "sigma_levels",
    "Signal": "results",
    "StatsError": "errors",
    "WithinSigma": "capability_within",
    "advise": "advisor",
    "anderson_darling": "normality_tests",
    "bench_z": "capability_normal",
    "binomial_capability": "capability_counts",
    "capability": "capability_normal",
    "chart": "engine",
    "cusum_arl": "arl",
    "ewma_arl": "arl",
    "shewhart_arl": "arl",
    "clopper_pearson": "intervals",
    "compare": "evidence.compare",
    "compare_means": "evidence.means",
    "compare_paired_means": "evidence.means",
    "compare_paired_proportions": "evidence.proportions",
    "compare_proportions": "evidence.proportions",
    "compare_rates": "evidence.rates",
    "dpmo_to_sigma": "sigma_levels",
    "false_alarm_rate": "rules",
    "first_time_yield": "sigma_levels",
    "fit_distributions": "nonnormal",
    "histogram": "histograms",
    "nonnormal_capability": "nonnormal",
    "normalised_yield": "sigma_levels",
    "normality": "normality_tests",
    "poisson_capability": "capability_counts",
    "poisson_interval": "intervals",
    "rolled_throughput_yield": "sigma_levels",
    "rule_set": "rules",
    "ryan_joiner": "normality_tests",
    "shapiro_wilk": "normality_tests",
    "sigma_level": "sigma_levels",
    "sigma_to_dpmo": "sigma_levels",
    "throughput_yield": "sigma_levels",
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
