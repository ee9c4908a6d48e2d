"""Speed, memory, pairing and displacement, measured as ratios in one run. `make bench` runs them all."""
