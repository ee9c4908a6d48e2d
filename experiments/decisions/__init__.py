"""Decisions under uncertainty: which strategy, how sure, and what it would be worth to know more."""
