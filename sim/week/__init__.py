"""One file per step of the week: loops over agents calling rules. The order is stated once, in sim/model.py."""
