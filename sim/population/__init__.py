"""The three kinds of agents as columns, their synthesis, and the history they start with."""
