"""Scenario files: read, laid over each other, checked, and turned into one frozen `Scenario`."""

from sim.scenario.models import Scenario
from sim.scenario.resolve import load

__all__ = ["Scenario", "load"]
