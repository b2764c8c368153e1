"""Pytrees: nested lists, tuples, named tuples and dicts, flattened to the list of their leaves and back."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["TreeSpec", "tree_flatten", "tree_leaves", "tree_map", "tree_unflatten"]


class TreeSpec(NamedTuple):
    """The structure of a pytree: the type of the container, its keys if it is a dict, and the children's TreeSpecs. The
    type of a leaf is None."""

    type: Any
    keys: Any
    parts: tuple["TreeSpec", ...]

    @property
    def num_leaves(self) -> int:
        """The number of leaves."""
        return sum(part.num_leaves for part in self.parts) if self.type else 1


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves from left to right, and the structure. is_leaf(x) is True for a container that is to be a leaf."""
    kind = type(tree)
    if (is_leaf is not None and is_leaf(tree)) or not (
        kind in (list, tuple, dict, OrderedDict) or hasattr(tree, "_fields")
    ):
        return [tree], TreeSpec(None, None, ())
    keys = list(tree) if isinstance(tree, dict) else None
    pairs = [tree_flatten(part, is_leaf) for part in (tree.values() if isinstance(tree, dict) else tree)]
    return [leaf for leaves, _ in pairs for leaf in leaves], TreeSpec(kind, keys, tuple(spec for _, spec in pairs))


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """The inverse of `tree_flatten`. Raises ValueError for a wrong number of leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: expected {treespec.num_leaves} leaves, got {len(leaves)}")
    return _unflatten(iter(leaves), treespec)


def _unflatten(leaves: Any, spec: TreeSpec) -> Any:
    if spec.type is None:
        return next(leaves)
    parts = [_unflatten(leaves, part) for part in spec.parts]
    if spec.keys is not None:
        return spec.type(zip(spec.keys, parts))
    return spec.type(*parts) if hasattr(spec.type, "_fields") else spec.type(parts)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves from left to right."""
    return tree_flatten(tree, is_leaf)[0]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """A pytree of func(leaf, ...), called with corresponding leaves of `tree` and `rests`, of the same structure."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_leaves(rest, is_leaf) for rest in rests]
    return tree_unflatten([func(*each) for each in zip(leaves, *others, strict=True)], spec)
