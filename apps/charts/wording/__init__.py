"""The words of the charts: rules, findings, warnings, history."""
