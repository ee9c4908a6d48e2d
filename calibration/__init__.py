"""Targets and their definitions in code, fitting of levels to them, checks against what was not fitted."""
