"""Inverses, determinants, systems of equations, factorizations, of matrices and stacks of them (float32 and float64).

A factorization has several results and one joint rule. Its primitive gives them packed in one array, the rows of one
after the rows of the other; the public function cuts them apart with views, so that the engine brings the rule one
packed gradient. Rules: Giles (2008), "Collected matrix derivative results"; Walter and Lehmann (2010) for QR; Murray
(2016) for Cholesky; Golub and Pereyra (1973) for the pseudo-inverse.
"""

from typing import Any, NamedTuple

from minigrad.backend import array_function, array_module
from minigrad.engine.dispatch import primitive
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError
from minigrad.ops.api import one_of, public, shape_error
from minigrad.ops.array.creation import zeros_like
from minigrad.ops.array.diagonal import diag_embed, diagonal, tril, triu
from minigrad.ops.array.shape import cat, mT, narrow, squeeze, stack, unsqueeze
from minigrad.ops.linalg.products import matmul
from minigrad.ops.pointwise.arithmetic import where
from minigrad.ops.reduce.reductions import any

__all__ = ["cholesky", "det", "eigh", "eigvalsh", "inv", "inverse", "logdet", "pinv", "qr", "slogdet", "solve",
           "solve_triangular", "svd", "svdvals"]  # fmt: skip


def _matrices(name: str, A: Any, square: bool = True) -> Any:
    if A.ndim < 2 or (square and A.shape[-1] != A.shape[-2]):
        raise shape_error(name, "square matrices (..., n, n)" if square else "matrices (..., m, n)", A)
    if A.dtype.name not in ("float32", "float64"):
        raise DtypeError(f"{name}: expected float32 or float64, got {A.dtype}; cast with .float()")
    return A


# --- inverse, determinant, systems ----------------------------------------------------------------------------------


@primitive(name="inv", A=lambda g, out: -(mT(out) @ g @ mT(out)))
def _inv(A: Any) -> Any:
    return array_function("linalg.inv", A)(A)


@public
def inv(A: Any) -> Any:
    """The inverse. Raises ShapeError for a matrix that has none."""
    return _inv(_matrices("inv", A))


inverse = inv


@primitive(name="det", A=lambda g, A, out: unsqueeze(unsqueeze(g, -1), -1) * _cofactors(A, out))
def _det(A: Any) -> Any:
    return array_module(A).linalg.det(A)


def _cofactors(A: Any, det: Any) -> Any:
    """The gradient of the determinant: det * inv(A)^T; where that does not exist (or is small), the determinants of the
    minors, which are exact for singular matrices at every order."""
    n = A.shape[-1]
    if n > 3 and not bool(any(det == 0)):
        return unsqueeze(unsqueeze(det, -1), -1) * mT(inv(A))
    if n == 0:
        return A
    rows = [stack([(-1) ** (i + j) * _minor(A, i, j) for j in range(n)], -1) for i in range(n)]
    return stack(rows, -2)


def _minor(A: Any, i: int, j: int) -> Any:
    n = A.shape[-1]
    if n == 1:
        return A[..., 0, 0] * 0 + 1
    rows = cat([narrow(A, -2, 0, i), narrow(A, -2, i + 1, n - 1 - i)], -2)
    return _det(cat([narrow(rows, -1, 0, j), narrow(rows, -1, j + 1, n - 1 - j)], -1))


@public
def det(A: Any) -> Any:
    """The determinant. Its gradient, the matrix of cofactors, is exact for singular matrices too."""
    return _det(_matrices("det", A))


@primitive(name="logabsdet", A=lambda g, A: unsqueeze(unsqueeze(g, -1), -1) * mT(inv(A)))
def _logabsdet(A: Any) -> Any:
    return array_module(A).linalg.slogdet(A)[1]


@primitive(name="sign_of_det", A=lambda g, A: zeros_like(A))
def _sign_of_det(A: Any) -> Any:
    return array_module(A).linalg.slogdet(A)[0]


class SignLogdet(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    logabsdet: Any


@public
def slogdet(A: Any) -> SignLogdet:
    """(sign, logabsdet): det = sign * exp(logabsdet), which neither over- nor underflows. The sign's gradient is 0."""
    A = _matrices("slogdet", A)
    return SignLogdet(_sign_of_det(A), _logabsdet(A))


@public
def logdet(A: Any) -> Any:
    """log(det(A)): nan where that is negative."""
    sign, value = slogdet(A)
    return where(sign < 0, float("nan"), value)


@primitive(name="solve", A=lambda g, A, out: -(_solve(mT(A), g) @ mT(out)), B=lambda g, A: _solve(mT(A), g))
def _solve(A: Any, B: Any) -> Any:
    return array_function("linalg.solve", A)(A, B)


@public
def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with A X = B (left=False: X A = B). B is a matrix, a stack of them, or a vector (or, beside a stack of
    matrices, a stack of vectors). Raises ShapeError for a singular A."""
    _matrices("solve", A)
    vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape)[:-1])
    columns = unsqueeze(B, -1) if vector else B
    n = columns.shape[-2] if left else columns.shape[-1]
    if n != A.shape[-1]:
        raise shape_error("solve", f"A (..., n, n) and B {'(..., n, k)' if left else '(..., k, n)'}", A, B)
    if A.dtype != B.dtype:
        raise DtypeError(f"solve: expected one dtype, got {A.dtype} and {B.dtype}; cast one with .to()")
    if not left:
        return mT(_solve(mT(A), mT(columns)))
    out = _solve(A, columns)
    return squeeze(out, -1) if vector else out


@public
def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """X with A X = B (left=False: X A = B), reading only A's upper (or lower) triangle; unitriangular: and taking its
    diagonal for ones."""
    _matrices("solve_triangular", A)
    half = (triu if upper else tril)(A, (1 if upper else -1) if unitriangular else 0)
    if unitriangular:
        half = half + array_module(getattr(A, "_array", A)).eye(A.shape[-1], dtype=A.dtype)
    return solve(half, B, left=left)


@primitive(name="pinv", A=lambda g, A, out: _pinv_gradient(g, A, out))
def _pinv(A: Any, *, rcond: float | None) -> Any:
    xp = array_module(A)
    return xp.linalg.pinv(A) if rcond is None else xp.linalg.pinv(A, rcond)


def _pinv_gradient(g: Any, A: Any, P: Any) -> Any:
    gT, PT = mT(g), mT(P)
    beside = (gT - (A @ (P @ gT))) @ P @ PT
    below = PT @ P @ (gT - (gT @ P) @ A)
    return beside + below - PT @ g @ PT


@public
def pinv(A: Any, rtol: Any = None) -> Any:
    """The pseudo-inverse (Moore and Penrose); singular values below rtol times the largest count as 0."""
    rtol = rtol.detach() if isinstance(rtol, Tensor) else rtol
    rtol = rtol._array if isinstance(rtol, Tensor) else rtol
    if 0 in tuple(A.shape):
        return mT(_matrices("pinv", A, square=False)) * 1
    eps = {"float32": 1.1920929e-07, "float64": 2.220446049250313e-16}.get(A.dtype.name, 0.0)
    return _pinv(_matrices("pinv", A, square=False), rcond=max(A.shape[-2:]) * eps if rtol is None else rtol)


# --- Cholesky -------------------------------------------------------------------------------------------------------


@primitive(name="cholesky", A=lambda g, out: _cholesky_gradient(g, out))
def _cholesky(A: Any) -> Any:
    return array_function("linalg.cholesky", A)(A)


def _cholesky_gradient(g: Any, L: Any) -> Any:
    inner = mT(L) @ g
    half = tril(inner) - diag_embed(diagonal(inner, 0, -2, -1)) * 0.5
    middle = solve(mT(L), mT(solve(mT(L), mT(half))))
    return (middle + mT(middle)) * 0.5


@public
def cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangular L with A = L L^T (upper: its transpose), for a symmetric positive definite A, of which the
    lower triangle is read. Raises ShapeError for one that is not."""
    L = _cholesky(_matrices("cholesky", A))
    return mT(L) if upper else L


# --- QR -------------------------------------------------------------------------------------------------------------


class QR(NamedTuple):
    """What `qr` returns."""

    Q: Any
    R: Any


@primitive(name="qr", A=lambda g, A, out: _qr_gradient(g, A, out))
def _qr(A: Any) -> Any:
    xp = array_module(A)
    return xp.concatenate(xp.linalg.qr(A), axis=-2)


def _cut(packed: Any, *sizes: int) -> list[Any]:
    """The packed results apart."""
    starts = [0]
    for n in sizes:
        starts.append(starts[-1] + n)
    return [narrow(packed, -2, start, n) for start, n in zip(starts, sizes)]


def _qr_gradient(g: Any, A: Any, out: Any) -> Any:
    m, n = A.shape[-2:]
    (gQ, gR), (Q, R) = _cut(g, m, n), _cut(out, m, n)
    M = R @ mT(gR) - mT(gQ) @ Q
    symmetric = tril(M) + mT(tril(M, -1))
    return mT(solve(R, mT(gQ + Q @ symmetric)))


@public
def qr(A: Any, mode: str = "reduced") -> QR:
    """(Q, R): A = Q R with orthonormal columns in Q and an upper triangular R. mode "reduced", "complete" (whose extra
    columns have no gradient) or "r" (an empty Q)."""
    A = _matrices("qr", A, square=False)
    m, n = A.shape[-2:]
    one_of("qr", "mode", mode, "reduced", "complete", "r")
    if mode == "complete" and m > n:
        Q, R = qr(A)
        everything = _unrecorded(A, lambda xp, a: xp.linalg.qr(a, mode="complete"))
        return QR(cat([Q, narrow(everything[0], -1, n, m - n)], -1), cat([R, everything[1][..., n:, :]], -2))
    if n > m:
        first, rest = narrow(A, -1, 0, m), narrow(A, -1, m, n - m)
        Q, R = qr(first)
        R = cat([R, matmul(mT(Q), rest)], -1)
    else:
        Q, R = _cut(_qr(A), m, n)
    return QR(zeros_like(Q)[..., :0, :0] if mode == "r" else Q, R)


def _unrecorded(A: Any, compute: Any) -> list[Any]:
    """The columns beyond the reduced factors are not unique: they come without a gradient."""
    raw = A._array if isinstance(A, Tensor) else A
    return [wrap(r) for r in compute(array_module(raw), raw)]


# --- eigenvalues and singular values --------------------------------------------------------------------------------


class Eigen(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


class SVD(NamedTuple):
    """What `svd` returns."""

    U: Any
    S: Any
    Vh: Any


def _gaps(values: Any) -> Any:
    """1 / (v[j] - v[i]), and 0 on the diagonal."""
    difference = unsqueeze(values, -2) - unsqueeze(values, -1)
    eye = diag_embed(zeros_like(values) + 1)
    return (1 - eye) / (difference + eye)


@primitive(name="eigh", A=lambda g, A, out: _eigh_gradient(g, A.shape[-1], out))
def _eigh(A: Any, *, UPLO: str) -> Any:
    xp = array_module(A)
    values, vectors = xp.linalg.eigh(A, UPLO)
    return xp.concatenate((vectors, values[..., None, :]), axis=-2)


def _eigh_gradient(g: Any, n: int, out: Any) -> Any:
    (gV, gw), (V, w) = _cut(g, n, 1), _cut(out, n, 1)
    moved = mT(V) @ gV
    inner = (moved - mT(moved)) * 0.5 * _gaps(squeeze(w, -2)) + diag_embed(squeeze(gw, -2))
    return V @ inner @ mT(V)


@primitive(name="eigvalsh", A=lambda g, A_shape, packed: _of_values(g, packed, A_shape[-1]), packed=lambda g: None)
def _eigvalsh(A: Any, packed: Any) -> Any:
    """The eigenvalues among what `_eigh` gives: a node of their own, as their gradient needs no vectors that differ."""
    return packed[..., A.shape[-1], :]


def _of_values(g: Any, packed: Any, m: int, n: int | None = None) -> Any:
    """The gradient that values alone bring, U diag(g) V^T (no n: U for V): sub-gradients where values are equal."""
    U, _, V = _cut(packed, m, 1, n or 0)
    return U * unsqueeze(g, -2) @ mT(U if n is None else V)


@public
def eigh(A: Any, UPLO: str = "L") -> Eigen:
    """(eigenvalues, ascending; eigenvectors, as columns) of a symmetric matrix, of which the lower (or upper)
    triangle is read. Vectors have a gradient only where the values differ."""
    one_of("eigh", "UPLO", UPLO, "L", "U")
    packed = _eigh(_matrices("eigh", A), UPLO=UPLO)
    return Eigen(_eigvalsh(A, packed), narrow(packed, -2, 0, A.shape[-1]))


@public
def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of a symmetric matrix, ascending."""
    return eigh(A, UPLO).eigenvalues


@primitive(name="svd", A=lambda g, A, out: _svd_gradient(g, A.shape[-2], A.shape[-1], out))
def _svd(A: Any) -> Any:
    xp = array_module(A)
    U, S, Vh = xp.linalg.svd(A, full_matrices=False)
    return xp.concatenate((U, S[..., None, :], xp.swapaxes(Vh, -1, -2)), axis=-2)


def _svd_gradient(g: Any, m: int, n: int, out: Any) -> Any:
    (gU, gS, gV), (U, S, V) = _cut(g, m, 1, n), _cut(out, m, 1, n)
    left, right = mT(U) @ gU, mT(V) @ gV
    L, R = left - mT(left), right - mT(right)
    # (L s_j + R s_i) / (s_j^2 - s_i^2) in two parts, as squares would overflow
    core = (L + R) * _gaps(squeeze(S, -2)) + (L - R) / (S + mT(S) + diag_embed(zeros_like(squeeze(S, -2)) + 1))
    out = U @ (core * 0.5 + diag_embed(squeeze(gS, -2))) @ mT(V)
    if m > U.shape[-1]:
        out = out + (gU - U @ left) / S @ mT(V)
    if n > V.shape[-1]:
        out = out + U @ mT((gV - V @ right) / S)
    return out


@primitive(
    name="svdvals", A=lambda g, A_shape, packed: _of_values(g, packed, A_shape[-2], A_shape[-1]), packed=lambda g: None
)
def _svdvals(A: Any, packed: Any) -> Any:
    """The singular values among what `_svd` gives: see `_eigvalsh`."""
    return packed[..., A.shape[-2], :]


@public
def svd(A: Any, full_matrices: bool = True) -> SVD:
    """(U, S, Vh): A = U diag(S) Vh, singular values descending. Vectors have a gradient only where the values
    differ; the columns that full_matrices adds have none."""
    m, n = _matrices("svd", A, square=False).shape[-2:]
    packed = _svd(A)
    U, _, V = _cut(packed, m, 1, n)
    if full_matrices and m != n:
        k = min(m, n)
        everything = _unrecorded(A, lambda xp, a: xp.linalg.svd(a))
        U = cat([U, narrow(everything[0], -1, k, m - k)], -1)
        V = cat([V, mT(narrow(everything[2], -2, k, n - k))], -1)
    return SVD(U, _svdvals(A, packed), mT(V))


@public
def svdvals(A: Any) -> Any:
    """The singular values, descending."""
    return svd(A, False).S
