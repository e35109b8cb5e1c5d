"""Look into JSON: how much there is of it, and how deep it goes. Runs in the child.

What is no JSON at all passes: who reads it says in which line.
"""

import json
from typing import Any

from vca.core.uploads.kinds import Limits, TooMuch


def examine(content: bytes, limits: Limits) -> None:
    """Raise TooMuch. Numbers are left as they are written: 5,000 digits take long to become one."""
    try:
        text = content.decode(json.detect_encoding(content))
        if sum(map(text.count, "[{,:")) > limits.values:
            raise TooMuch(f"the file holds more than {limits.values:,} values")
        if _depth(json.loads(text, parse_int=str, parse_float=str), limits.depth) > limits.depth:
            raise TooMuch(f"the file is nested more than {limits.depth} deep")
    except RecursionError:
        raise TooMuch(f"the file is nested more than {limits.depth} deep") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        return


def _depth(value: Any, most: int) -> int:
    """Return how deep lists and objects lie in each other, at most one more than asked for."""
    level, depth = [value], 0
    while depth <= most and (level := [one for one in level if isinstance(one, list | dict)]):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
        depth += 1
    return depth
