"""A behaviour file with other values in it: the packaged one's lines, comments and ranges, some levels changed."""

import re
from collections.abc import Mapping


def behaviour_text(text: str, values: Mapping[str, float]) -> str:
    """A behaviour file with the fitted values in it: value and status of their lines change, nothing else.

    Raises KeyError when a level has no line of its own.
    """
    lines, group, left = text.splitlines(keepends=True), "", dict(values)
    for k, line in enumerate(lines):
        if head := re.match(r"(\w+):\s*$", line):
            group = head[1]
        row = re.match(r"  (\w+): \{value: ([^,]+),", line)
        name = f"{group}.{row[1]}" if row else ""
        if row and name in left:
            line = line.replace(f"{{value: {row[2]},", f"{{value: {left.pop(name):.4g},", 1)
            lines[k] = re.sub(r"status: \w+", "status: fitted", line, count=1)
    if left:
        raise KeyError(f"no line of the behaviour file holds {', '.join(left)}")
    return "".join(lines)
