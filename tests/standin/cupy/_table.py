"""The names of CuPy that the stand-in offers, as CuPy 14 declares them. A test holds them to the real wheel.

Before each declaration stands what a call costs: launches, and after a dot waits. A view costs nothing.
"""

UFUNCS = """
abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_or bitwise_xor cbrt ceil
conj copysign cos cosh deg2rad divide equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod greater
greater_equal heaviside hypot invert isfinite isinf isnan left_shift less less_equal log log10 log1p log2 logaddexp
logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum mod multiply negative nextafter not_equal
positive power rad2deg reciprocal remainder right_shift rint sign signbit sin sinc sinh sqrt square subtract tan tanh
true_divide trunc
"""

FUNCTIONS = """
1 all(a, axis=None, out=None, keepdims=False)
1 any(a, axis=None, out=None, keepdims=False)
1 max(a, axis=None, out=None, keepdims=False)
1 min(a, axis=None, out=None, keepdims=False)
1 amax(a, axis=None, out=None, keepdims=False)
1 amin(a, axis=None, out=None, keepdims=False)
1 sum(a, axis=None, dtype=None, out=None, keepdims=False)
1 prod(a, axis=None, dtype=None, out=None, keepdims=False)
1 mean(a, axis=None, dtype=None, out=None, keepdims=False)
1 var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False)
1 std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False)
1 argmax(a, axis=None, dtype=None, out=None, keepdims=False)
1 argmin(a, axis=None, dtype=None, out=None, keepdims=False)
1 count_nonzero(a, axis=None)
1 cumsum(a, axis=None, dtype=None, out=None)
1 cumprod(a, axis=None, dtype=None, out=None)
1 clip(a, a_min, a_max, out=None)
1 round(a, decimals=0, out=None)
1 nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None)
1 dot(a, b, out=None)
1 matmul(*args, axes=None, axis=None, keepdims=False, casting='same_kind', dtype=None, signature=None, order='K', \
out=None)
1 tensordot(a, b, axes=2)
1 einsum(*operands, **kwargs)
1 sort(a, axis=-1, kind=None)
1 argsort(a, axis=-1, kind=None)
1 isin(element, test_elements, assume_unique=False, invert=False)
1 searchsorted(a, v, side='left', sorter=None)
1 concatenate(tup, axis=0, out=None, *, dtype=None, casting='same_kind')
1 stack(tup, axis=0, out=None, *, dtype=None, casting='same_kind')
1 take(a, indices, axis=None, out=None)
1 roll(a, shift, axis=None)
1 repeat(a, repeats, axis=None)
1 pad(array, pad_width, mode='constant', **kwargs)
1 copy(a, order='K')
1 ascontiguousarray(a, dtype=None)
4 take_along_axis(a, indices, axis)
1 copyto(dst, src, casting='same_kind', where=None)
1 put_along_axis(arr, indices, values, axis)
3 tril(m, k=0)
3 triu(m, k=0)
2 where(condition, x=None, y=None)
2 isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)
3 allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)
2 array_equal(a1, a2, equal_nan=False)
2.1 nonzero(a)
2.1 argwhere(a)
2.1 flatnonzero(a)
5.1 unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True)
3.1 bincount(x, weights=None, minlength=None)
0 broadcast_to(array, shape)
0 diagonal(a, offset=0, axis1=0, axis2=1)
0 expand_dims(a, axis)
0 flip(a, axis=None)
0 moveaxis(a, source, destination)
0 ravel(a, order='C')
0 reshape(a, newshape, order='C', *, copy=None)
0 squeeze(a, axis=None)
0 swapaxes(a, axis1, axis2)
0 transpose(a, axes=None)
"""

MAKERS = """
1 arange(start, stop=None, step=1, dtype=None)
0 empty(shape, dtype=float, order='C')
0 empty_like(prototype, dtype=None, order='K', subok=None, shape=None)
2 eye(N, M=None, k=0, dtype=float, order='C')
1 full(shape, fill_value, dtype=None, order='C')
1 full_like(a, fill_value, dtype=None, order='K', subok=None, shape=None)
1 linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0)
1 ones(shape, dtype=float, order='C')
1 ones_like(a, dtype=None, order='K', subok=None, shape=None)
1 zeros(shape, dtype=float, order='C')
1 zeros_like(a, dtype=None, order='K', subok=None, shape=None)
"""

# of shapes and dtypes: computed on the host
PLAIN = """
broadcast_shapes(*args)
can_cast(from_, to, casting='safe')
may_share_memory(a, b, max_work=None)
promote_types(type1, type2, /)
result_type(*arrays_and_dtypes)
shares_memory(a, b, max_work=None)
"""

METHODS = """
1 all(axis=None, out=None, keepdims=False)
1 any(axis=None, out=None, keepdims=False)
1 argmax(axis=None, out=None, dtype=None, keepdims=False)
1 argmin(axis=None, out=None, dtype=None, keepdims=False)
1 argsort(axis=-1, kind=None)
1 clip(min=None, max=None, out=None)
1 conj()
1 copy(order='C')
1 cumprod(axis=None, dtype=None, out=None)
1 cumsum(axis=None, dtype=None, out=None)
0 diagonal(offset=0, axis1=0, axis2=1)
1 dot(b, out=None)
1 flatten(order='C')
1 max(axis=None, out=None, keepdims=False)
1 mean(axis=None, dtype=None, out=None, keepdims=False)
1 min(axis=None, out=None, keepdims=False)
2.1 nonzero()
1 prod(axis=None, dtype=None, out=None, keepdims=None)
0 ravel(order='C')
1 repeat(repeats, axis=None)
0 reshape(*shape, order='C', copy=None)
1 round(decimals=0, out=None)
1 searchsorted(v, side='left', sorter=None)
0 squeeze(axis=None)
1 std(axis=None, dtype=None, out=None, ddof=0, keepdims=False)
1 sum(axis=None, dtype=None, out=None, keepdims=False)
0 swapaxes(axis1, axis2)
1 take(indices, axis=None, out=None)
0 transpose(*axes)
1 var(axis=None, dtype=None, out=None, ddof=0, keepdims=False)
"""

LINALG = """
1 cholesky(a)
1 det(a)
1 eigh(a, UPLO='L')
1 eigvalsh(a, UPLO='L')
1 inv(a)
1 norm(x, ord=None, axis=None, keepdims=False)
1 pinv(a, rcond=1e-15)
1 qr(a, mode='reduced')
1 slogdet(a)
1 solve(a, b)
1 svd(a, full_matrices=True, compute_uv=True)
"""

SPECIAL = "digamma erf erfc erfinv gammaln i0e i1e log_ndtr ndtr ndtri polygamma xlog1py xlogy zeta"

# atomicAdd, atomicMax and atomicMin in place, at integer indices, take these dtypes
ATOMIC = {
    "add": "float16 float32 float64 int32 uint32 uint64",
    "maximum": "float32 float64 int32 uint32 uint64",
    "minimum": "float32 float64 int32 uint32 uint64",
}
