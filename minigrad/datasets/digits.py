"""The handwritten digits that scikit-learn ships with: no download."""

import numpy as np

from minigrad.datasets.images import Images, Split


def digits(test_fraction: float = 0.2, seed: int = 0) -> Images:
    """1,797 images of handwritten digits, uint8 (N, 1, 8, 8), 0 (white) to 16 (black); labels: int64 (N,), 0 to 9.

    A random permutation, the same for the same seed, puts the fraction `test_fraction` into the test split. Raises
    ImportError where scikit-learn is not installed, ValueError for a fraction that leaves a split empty.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998 (UCI).
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "datasets.digits: scikit-learn, which contains the images, is not installed; from a checkout, run `pip "
            'install -e ".[examples]"`'
        ) from error
    source = load_digits()
    images = source.images.astype(np.uint8)[:, None]
    labels = source.target.astype(np.int64)
    held_out = round(len(labels) * test_fraction) if 0 < test_fraction < 1 else 0
    if not 0 < held_out < len(labels):
        raise ValueError(
            f"datasets.digits: test_fraction: expected a number between 0 and 1 that leaves neither split of "
            f"the {len(labels):,} images empty, got {test_fraction}"
        )
    test, train = np.split(np.random.Generator(np.random.Philox(seed)).permutation(len(labels)), [held_out])
    return Images(
        Split(images[train], labels[train]), Split(images[test], labels[test]), tuple(str(n) for n in range(10))
    )
