"""One module per family of control charts; each type is three functions and a `ChartType`."""
