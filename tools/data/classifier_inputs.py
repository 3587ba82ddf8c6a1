"""Seeded random pictures for the classifiers."""

import numpy as np


def seeded_input(seed: int, batch: int) -> np.ndarray:
    """Random [batch, 3, 224, 224] with coarse and fine structure.

    White noise alone would not do: a random network averages it away, and all inputs would look the same.
    """
    rng = np.random.default_rng([seed, batch])
    data = 0.3 * rng.standard_normal((batch, 3, 224, 224))
    for cells in (1, 7, 28):
        coarse = rng.standard_normal((batch, 3, cells, cells))
        data += coarse.repeat(224 // cells, axis=2).repeat(224 // cells, axis=3)
    return data.astype(np.float32)
