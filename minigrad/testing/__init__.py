"""What users import in their own tests of their own operations. Needs hypothesis (and pytest for the plugin)."""

from minigrad.testing.strategies import broadcastable, indexers, shapes, tensors, values

__all__ = ["broadcastable", "indexers", "shapes", "tensors", "values"]
