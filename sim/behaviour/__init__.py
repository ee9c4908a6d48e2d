"""Scalar rules: one agent deciding, one thing happening. No loops over agents; chance comes in as a uniform number."""
