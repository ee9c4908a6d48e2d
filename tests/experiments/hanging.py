"""A scenario that hangs as soon as a worker touches it, and never asks whether its time is up."""

import time
from collections.abc import Mapping
from dataclasses import fields

from sim.scenario import Scenario


class Hangs(Scenario):
    def with_behaviour(self, values: Mapping[str, float]) -> Scenario:
        time.sleep(3600)
        return self


def hanging(scenario: Scenario) -> Hangs:
    return Hangs(**{item.name: getattr(scenario, item.name) for item in fields(scenario)})
