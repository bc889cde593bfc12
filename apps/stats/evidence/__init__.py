"""Evidence that something differs: comparisons, models, and how sure one may be."""
