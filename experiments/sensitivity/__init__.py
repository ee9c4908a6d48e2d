"""Sensitivity over scenario files: which assumption drives the effect of each scenario. docs/sensitivity.md."""
