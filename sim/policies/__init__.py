"""Levers: what a jobcentre can decide. One file each; a lever only changes tables. `registry` knows them by name."""
