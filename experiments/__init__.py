"""Runs side by side: the same luck with and without a policy, and what the difference is worth."""
