"""Laying one tree over another: tables merge key by key, lists and values are replaced whole, null takes a key away."""

from collections.abc import Mapping
from typing import Any

from sim.scenario.yaml_tree import Path, Place, Tree


def merged(base: Any, over: Any) -> Any:
    """`over` laid on `base`, both plain trees; neither is changed.

    Example: merged({"a": {"b": "1", "c": "2"}}, {"a": {"b": "3"}}) == {"a": {"b": "3", "c": "2"}}
    """
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    out = dict(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif key in out:
            out[key] = merged(out[key], value)
        else:
            out[key] = without_nulls(value)
    return out


def without_nulls(value: Any) -> Any:
    """A table as it stands when nothing lies below it: a null has nothing to take away."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def lay_over(base: Tree, over: Tree) -> Tree:
    """As `merged`, and every entry keeps the file and line that set it."""
    return Tree(merged(base.root, over.root), {**base.places, **over.places})


def put(tree: Tree, path: Path, value: Any, place: Place) -> Tree:
    """A copy of the tree with one entry replaced. Tables on the way are made when missing.

    Raises KeyError with the path that cannot be followed (through a plain value or past the end of a list).
    """

    real: list[str | int] = []

    def place_in(node: Any, depth: int) -> Any:
        if depth == len(path):
            return merged(node, value) if isinstance(node, Mapping) and isinstance(value, Mapping) else value
        step = str(path[depth])
        if isinstance(node, list):
            number = int(step) if step.isdigit() else -1
            if not 0 <= number < len(node):
                raise KeyError(path[: depth + 1])
            real.append(number)
            return [place_in(item, depth + 1) if at == number else item for at, item in enumerate(node)]
        if node is not None and not isinstance(node, Mapping):
            raise KeyError(path[: depth + 1])
        real.append(step)
        out = dict(node or {})
        out[step] = place_in(out.get(step), depth + 1)
        return out

    root = place_in(tree.root, 0)
    places = {**tree.places, tuple(real): place}
    for depth in range(1, len(real)):
        places.setdefault(tuple(real[:depth]), place)
    return Tree(root, places)
