"""The states of all generators that a program is likely to draw from: minigrad's, NumPy's and Python's."""

import random
from typing import Any

import numpy as np

from minigrad.ops.random import get_rng_state, set_rng_state


def every_state() -> dict[str, Any]:
    """What decides all next random numbers."""
    return {"minigrad": get_rng_state(), "numpy": np.random.get_state(legacy=False), "python": random.getstate()}


def restore_every_state(states: dict[str, Any]) -> None:
    """Set them back."""
    set_rng_state(states["minigrad"])
    np.random.set_state(states["numpy"])
    random.setstate(states["python"])
