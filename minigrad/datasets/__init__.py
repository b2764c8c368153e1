"""Standard image datasets, read from their official files as NumPy arrays; downloads are resumed and verified."""

from minigrad.datasets.cifar import cifar10
from minigrad.datasets.digits import digits
from minigrad.datasets.images import Images, Split
from minigrad.datasets.mnist import fashion_mnist, mnist

__all__ = ["Images", "Split", "cifar10", "digits", "fashion_mnist", "mnist"]
