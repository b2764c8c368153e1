"""The errors minigrad raises. Each is also the built-in class that NumPy or PyTorch users would catch."""

import numpy as np


class ShapeError(RuntimeError, ValueError):
    """Shapes that do not fit together (PyTorch raises RuntimeError here, NumPy ValueError)."""


class DtypeError(RuntimeError, TypeError):
    """A dtype the operation cannot take or give."""


class LinAlgError(RuntimeError, np.linalg.LinAlgError):
    """A matrix that has no such decomposition or inverse: singular, or not positive definite."""


class DeviceError(RuntimeError):
    """A device that is not available, or operands on different devices."""


class GraphError(RuntimeError):
    """The graph cannot compute a gradient: it was freed, changed in place, or not recorded."""


class OutOfMemoryError(RuntimeError, MemoryError):
    """More memory requested of a GPU than there is."""
