"""Sums of products over named dimensions: einsum, and the products that are one line of it."""

from typing import Any

from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.array.shape import expand, permute, reshape, unsqueeze
from minigrad.ops.linalg.products import matmul
from minigrad.ops.reduce.reductions import sum

__all__ = ["einsum", "inner", "kron", "tensordot", "vdot"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@public
def einsum(equation: str, *operands: Any) -> Any:
    """Einstein's sum: `einsum("bij,bjk->bik", x, y)` multiplies elements whose letters agree and sums over the letters
    that the result does not have. "..." stands for broadcast dimensions; without "->" the result has the letters that
    come once, in alphabetical order. Composed of matrix products, so any order of gradient comes with it."""
    if not isinstance(equation, str):
        raise TypeError(f"einsum: expected an equation such as 'ij,jk->ik' first, got {type(equation).__name__}")
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    terms, result = _parsed(equation, [x.ndim for x in given])
    parts = [_once(x, term) for x, term in zip(given, terms)]
    _check_sizes(equation, parts)
    x, letters = parts[0]
    for i, (y, others) in enumerate(parts[1:], 2):
        wanted = set(result).union(*(rest for _, rest in parts[i:]))
        x, letters = _pair(x, letters, y, others, wanted)
    gone = tuple(d for d, letter in enumerate(letters) if letter not in result)
    x = sum(x, gone) if gone else x
    letters = "".join(letter for letter in letters if letter in result)
    return permute(x, tuple(letters.index(letter) for letter in result)) if letters != result else x * 1


def _parsed(equation: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; "..." becomes capital letters of its own."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ShapeError(f"einsum: {equation!r} speaks of {len(terms)} operands, got {len(ndims)}")
    free = [c for c in LETTERS if c not in equation]
    longest = max([n - len(t.replace("...", "")) for t, n in zip(terms, ndims) if "..." in t], default=0)
    dots = "".join(free[: max(longest, 0)])
    out = []
    for i, (term, ndim) in enumerate(zip(terms, ndims)):
        extra = ndim - len(term.replace("...", ""))
        if extra < 0 or (extra and "..." not in term):
            raise ShapeError(f"einsum: operand {i} has {ndim} dimensions, {term!r} in {equation!r} another number")
        out.append(term.replace("...", dots[len(dots) - extra :]))
        if not out[-1].isalpha() and out[-1]:
            raise ValueError(f"einsum: expected letters, commas, '...' and '->', got {equation!r}")
    if arrow:
        result = right.replace("...", dots)
        if len(set(result)) < len(result) or not set(result) <= set("".join(out)):
            raise ValueError(f"einsum: the result in {equation!r} must name letters of the operands, each once")
    else:
        everything = "".join(out)
        result = dots + "".join(sorted(c for c in set(everything) - set(dots) if everything.count(c) == 1))
    return out, result


def _once(x: Any, letters: str) -> tuple[Any, str]:
    """The operand with each letter once: "ii" becomes the diagonal "i"."""
    for letter in letters:
        while letters.count(letter) > 1:
            a = letters.index(letter)
            b = letters.index(letter, a + 1)
            if x.shape[a] != x.shape[b]:
                raise ShapeError(f"einsum: {letter!r} stands for sizes {x.shape[a]} and {x.shape[b]} of one operand")
            x = diagonal(x, 0, a, b)
            letters = letters[:a] + letters[a + 1 : b] + letters[b + 1 :] + letter
    return x, letters


def _check_sizes(equation: str, parts: list[tuple[Any, str]]) -> None:
    sizes: dict[str, int] = {}
    for x, letters in parts:
        for n, letter in zip(x.shape, letters):
            have = sizes.setdefault(letter, n)
            if have != n and 1 not in (have, n):
                raise ShapeError(f"einsum: {letter!r} in {equation!r} stands for sizes {have} and {n}")
            sizes[letter] = max(have, n) if 0 not in (have, n) else 0


def _pair(x: Any, xs: str, y: Any, ys: str, wanted: set[str]) -> tuple[Any, str]:
    """Two operands into one by a product of (stacks of) matrices: letters of both that are wanted become the stack,
    those that are not are summed over."""
    x, xs = _without(x, xs, set(ys) | wanted)
    y, ys = _without(y, ys, set(xs) | wanted)
    stack = [c for c in xs if c in ys and c in wanted]
    inner = [c for c in xs if c in ys and c not in wanted]
    rows, columns = [c for c in xs if c not in ys], [c for c in ys if c not in xs]
    size = {
        c: max(_size(x, xs, c), _size(y, ys, c)) if 0 not in (_size(x, xs, c), _size(y, ys, c)) else 0 for c in xs + ys
    }
    a = _arranged(x, xs, (stack, rows, inner), size)
    b = _arranged(y, ys, (stack, inner, columns), size)
    out = matmul(a, b)
    return reshape(out, tuple(size[c] for c in stack + rows + columns)), "".join(stack + rows + columns)


def _size(x: Any, letters: str, letter: str) -> int:
    return int(x.shape[letters.index(letter)]) if letter in letters else 1


def _without(x: Any, letters: str, needed: set[str]) -> tuple[Any, str]:
    """Summed over the letters nobody else has."""
    gone = tuple(d for d, c in enumerate(letters) if c not in needed)
    return (sum(x, gone), "".join(c for c in letters if c in needed)) if gone else (x, letters)


def _arranged(x: Any, letters: str, groups: Any, size: dict[str, int]) -> Any:
    """As a stack of matrices: one dimension for each group of letters."""
    order = [c for group in groups for c in group]
    x = permute(x, tuple(letters.index(c) for c in order))
    x = expand(x, tuple(size[c] for c in order)) if tuple(x.shape) != tuple(size[c] for c in order) else x
    return reshape(x, tuple(axes.reduced_size(tuple(size[c] for c in group), None) for group in groups))


# --- one line each --------------------------------------------------------------------------------------------------


@public
def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Products summed over pairs of dimensions: dims = n: the last n of a with the first n of b; dims = (of a, of
    b)."""
    if isinstance(dims, int):
        left, right = tuple(range(a.ndim - dims, a.ndim)), tuple(range(dims))
    else:
        left, right = (axes.normalize_dims(tuple(d), x.ndim, "tensordot") or () for d, x in zip(dims, (a, b)))
    pairs = [(i, j) for i, j in zip(left, right) if a.shape[i] != b.shape[j]]
    if len(left) != len(right) or any(1 not in (a.shape[i], b.shape[j]) for i, j in pairs):
        raise shape_error("tensordot", f"pairs of dimensions of equal size, which {dims} are not", a, b)
    # a size of 1 broadcasts: the other's elements are added up
    shrunk = tuple(i for i, j in pairs if b.shape[j] == 1), tuple(j for i, j in pairs if a.shape[i] == 1)
    a, b = (sum(x, d, True) if d else x for x, d in zip((a, b), shrunk))
    rows = tuple(d for d in range(a.ndim) if d not in left)
    columns = tuple(d for d in range(b.ndim) if d not in right)
    inner = axes.reduced_size(tuple(a.shape[d] for d in left), None)
    outer = tuple(a.shape[d] for d in rows), tuple(b.shape[d] for d in columns)
    x = reshape(permute(a, (*rows, *left)), (axes.reduced_size(outer[0], None), inner))
    y = reshape(permute(b, (*right, *columns)), (inner, axes.reduced_size(outer[1], None)))
    return reshape(matmul(x, y), outer[0] + outer[1])


@public
def inner(input: Any, other: Any) -> Any:
    """Products summed over the last dimension of both."""
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise shape_error("inner", "equal last sizes", input, other)
    return tensordot(input, other, ((-1,), (-1,)))


@public
def vdot(input: Any, other: Any) -> Any:
    """The inner product of two vectors."""
    if input.ndim != 1 or other.ndim != 1:
        raise shape_error("vdot", "two vectors", input, other)
    return matmul(input, other)


@public
def kron(input: Any, other: Any) -> Any:
    """The Kronecker product: each element of `input` times the whole of `other`, in blocks."""
    n = max(input.ndim, other.ndim)
    a, b = (reshape(x, (1,) * (n - x.ndim) + tuple(x.shape)) for x in (input, other))
    for d in range(n):
        a, b = unsqueeze(a, 2 * d + 1), unsqueeze(b, 2 * d)
    return reshape(a * b, tuple(a.shape[2 * d] * b.shape[2 * d + 1] for d in range(n)))
