"""The edges of the catalogue: conventions at kinks and ties, other spellings, integers, and what is refused in
words."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import DtypeError, ShapeError, backend
from minigrad.ops import operations
from minigrad.ops.__main__ import page, plain
from minigrad.testing.opinfo import op_db
from minigrad.testing.opinfo.conventions import CONVENTIONS, Convention

F = mg.nn.functional


def tensors(module: Any, values: Any) -> list[Any]:
    return [module.tensor(v, dtype=module.float64).requires_grad_() for v in values]


@pytest.mark.parametrize("c", [pytest.param(c, id=c.case) for c in CONVENTIONS])
def test_convention(c: Convention) -> None:
    inputs = tensors(mg, c.inputs)
    out = c.call(mg, *inputs)
    if c.value is not None:
        np.testing.assert_allclose(out.detach().numpy(), c.value, rtol=1e-12)
    out.sum().backward()
    for x, expected in zip(inputs, c.gradients, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-9, atol=1e-300)


@pytest.mark.filterwarnings("ignore:var")
@pytest.mark.parametrize("c", [pytest.param(c, id=c.case) for c in CONVENTIONS])
def test_pytorch_agrees_or_is_said_not_to(c: Convention) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    inputs = tensors(torch, c.inputs)
    c.call(torch, *inputs).sum().backward()
    for x, expected in zip(inputs, c.pytorch or c.gradients, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-9, atol=1e-300)


def test_second_order_where_products_have_zeros() -> None:
    x = mg.tensor([2.0, 0.0, 3.0], dtype=mg.float64, requires_grad=True)
    (g,) = mg.autograd.grad(x.prod(), x, create_graph=True)
    (h,) = mg.autograd.grad((g * mg.tensor([1.0, 10.0, 100.0], dtype=mg.float64)).sum(), x)
    assert h.tolist() == [30.0, 203.0, 20.0]
    (g,) = mg.autograd.grad(x.cumprod(0).sum(), x, create_graph=True)
    (h,) = mg.autograd.grad(g.sum(), x)
    assert h.tolist() == [4.0, 6.0, 2.0]


def test_cofactors_of_a_matrix_of_rank_n_minus_2_are_zero_and_its_gradient_is_finite() -> None:
    A = mg.zeros(4, 4, dtype=mg.float64)
    A[0, 0] = A[1, 1] = 1.0
    A.requires_grad_()
    (g,) = mg.autograd.grad(mg.det(A), A, create_graph=True)
    (h,) = mg.autograd.grad(g[2, 2], A)
    assert not g.detach().numpy().any() and h[3, 3].item() == 1.0


MIXED: dict[str, Any] = {
    "lerp": lambda x, y, i: x.lerp(y, 0.5), "lerp_": lambda x, y, i: x.lerp_(y, 0.5),
    "lerp of a weight": lambda x, y, i: mg.lerp(x, x, y), "index_add": lambda x, y, i: x.index_add(0, i, y),
    "index_add_": lambda x, y, i: x.index_add_(0, i, y), "index_copy_": lambda x, y, i: x.index_copy_(0, i, y),
    "index_put_": lambda x, y, i: x.index_put_((i,), y), "put_": lambda x, y, i: x.put_(i, y, True),
    "masked_scatter_": lambda x, y, i: x.masked_scatter_(i > 0, y), "cross": lambda x, y, i: mg.cross(x, y, 0),
    "addmm": lambda x, y, i: mg.addmm(x, y[None].T, y[None]), "addmv": lambda x, y, i: x.addmv(y[None].T, y[:1]),
    "baddbmm": lambda x, y, i: mg.baddbmm(x, y[None, None], y[None, :, None]),
    "addbmm": lambda x, y, i: mg.addbmm(x, y[None, None], y[None, :, None]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "int64", "float16", "bool"])
@pytest.mark.parametrize("name", MIXED)
def test_mixed_dtypes_are_refused_where_pytorch_refuses_them(name: str, dtype: str) -> None:
    x, i = mg.ones(3), mg.tensor([0, 1, 2])
    with pytest.raises(DtypeError, match=name.split(" ")[0].strip("_")):
        MIXED[name](x, mg.ones(3, dtype=dtype), i)
    assert x.tolist() == [1, 1, 1]


def test_lerp_of_integers_and_of_a_0d_weight() -> None:
    assert mg.lerp(mg.zeros(2), mg.ones(2), mg.tensor(0.5, dtype=mg.float64)).dtype == mg.float32
    with pytest.raises(DtypeError, match="lerp: `input`: expected a floating dtype, got int64"):
        mg.lerp(mg.tensor([1]), mg.tensor([2]), 0.5)
    assert mg.tensor([1, 2]).index_fill(0, mg.tensor([0]), mg.tensor(2.5)).tolist() == [2, 2]


def assigned(x: Any, index: Any, value: Any) -> Any:
    y = x * 1
    y[index] = value
    return y


TWICE = mg.tensor([0, 2, 0])
BY_COLUMNS = mg.tensor([[2, 0], [0, 1], [1, 2]]).T  # as it lies in memory another element would be the last
REPEATED: list[tuple[Any, Any, list[float]]] = [
    (lambda x, v: assigned(x, TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: assigned(x, [0, 0, -3], v), [1.0, 2.0, 3.0], [0, 0, 1]),
    (lambda x, v: assigned(x, TWICE, v), 1.0, 2),
    (lambda x, v: assigned(x[None], (..., TWICE), v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: assigned(x, BY_COLUMNS, v), [[1.0, 2, 3], [4, 5, 6]], [[0, 0, 0], [1, 1, 1]]),
    (lambda x, v: assigned(x, BY_COLUMNS, v), [1.0, 2.0, 3.0], [1, 1, 1]),
    (lambda x, v: assigned(x, BY_COLUMNS, v.T), [[1.0, 2], [3, 4], [5, 6]], [[0, 1], [0, 1], [0, 1]]),
    (lambda x, v: (x * 1).index_put_((TWICE,), v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: x.index_put((TWICE,), v, accumulate=True), [1.0, 2.0, 3.0], [1, 1, 1]),
    (lambda x, v: x.index_copy(0, TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: (x * 1).index_copy_(0, TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: x[0].scatter(0, mg.tensor(0), v), 1.0, 1),
    (lambda x, v: x.put(TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: x.scatter(0, TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
    (lambda x, v: (x * 1).scatter_(0, TWICE, v), [1.0, 2.0, 3.0], [0, 1, 1]),
]


@pytest.mark.parametrize("write, value, expected", REPEATED)
def test_what_was_written_over_gets_no_gradient(write: Any, value: Any, expected: Any) -> None:
    x, v = mg.zeros(3, dtype=mg.float64).requires_grad_(), mg.tensor(value, dtype=mg.float64, requires_grad=True)
    out = write(x, v)
    (g,) = mg.autograd.grad(out.sum(), v, create_graph=True)
    assert g.tolist() == expected
    assert mg.autograd.gradcheck(lambda x, v: write(x * x, v * v), (x, v), allow_zero=[0, 1])
    assert mg.autograd.gradgradcheck(lambda x, v: write(x * x, v * v), (x, v), allow_zero=[0, 1])


def test_where_of_sqrt_needs_the_safe_one() -> None:
    x = mg.zeros(2, requires_grad=True)
    mg.where(x > 0, mg.safe_sqrt(x), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


# --- other spellings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["amax", "std", "prod", "any", "logsumexp", "norm", "sum", "mean", "max"])
def test_numpy_s_axis_and_keepdims(name: str) -> None:
    x = mg.tensor([[1.0, 2.0], [3.0, 5.0]])
    f = getattr(mg, name)
    a, b = f(x, axis=1, keepdims=True), f(x, dim=1, keepdim=True)
    a, b = (a.values, b.values) if name == "max" else (a, b)
    assert a.tolist() == b.tolist() and a.shape == (2, 1)


def test_dim_and_axis_at_once_are_refused() -> None:
    with pytest.raises(TypeError, match="prod: expected dim or axis"):
        mg.prod(mg.ones(2), dim=0, axis=0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="sum: expected dim or axis"):
        mg.sum(mg.ones(2), dim=0, axis=0)


def test_pytorch_s_argument_names() -> None:
    x = mg.tensor([1.0, 2.0])
    assert mg.add(input=x, other=x).tolist() == [2, 4] and mg.exp(input=x).shape == (2,)
    assert mg.max(input=x, other=mg.tensor([0.0, 3.0])).tolist() == [1, 3]
    assert mg.cat(tensors=[x, x], dim=0).shape == (4,) and mg.sum(input=x, dim=0).item() == 3
    assert mg.gather(input=x, dim=0, index=mg.tensor([1])).tolist() == [2]


def test_integers_become_the_default_floating_dtype_where_the_result_is_no_integer() -> None:
    i = mg.tensor([1, 2, 3])
    for f in (mg.exp, mg.sqrt, mg.sin, mg.erf, mg.sigmoid, mg.atan, mg.logit, mg.std, mg.norm, mg.log1p):
        x = i / 4 if f in (mg.logit, mg.std, mg.norm) else i
        assert f(x).dtype == mg.float32
    for f in (mg.abs, mg.floor, mg.square, mg.neg, mg.cumsum, mg.sort, mg.roll):
        out = f(i, 0) if f in (mg.cumsum, mg.roll) else f(i)
        assert (out.values if f is mg.sort else out).dtype == mg.int64
    assert mg.tensor([True, True]).sum().dtype == mg.tensor([1], dtype=mg.int8).prod().dtype == mg.int64
    assert (i // 2).tolist() == [0, 1, 1] and (-i % 2).tolist() == [1, 0, 1] and (7 // i).tolist() == [7, 3, 2]


# --- what is refused --------------------------------------------------------------------------------------------------

UNNAMED = {"einsum", "meshgrid", "polygamma", "chain_matmul", "cat", "stack", "hstack", "vstack", "dstack", "trapezoid",
           "linalg.multi_dot", "cumulative_trapezoid", "clone"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(operations()) - UNNAMED))
@pytest.mark.parametrize("bad", ["text", None, [1.0, 2.0]], ids=["text", "None", "list"])
def test_what_is_no_tensor_is_refused_by_name(name: str, bad: Any) -> None:
    sample = op_db[name].samples[0]
    args, options = sample.make()
    rest = [mg.tensor(a) if isinstance(a, np.ndarray) else a for a in args[1:]]
    others = {k: mg.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    with pytest.raises(TypeError, match=rf"^{name.rpartition('.')[2]}: `\w+`"):
        operations()[name](bad, *rest, **others)


M, V = mg.ones(2, 3), mg.ones(3)
PLACES = mg.tensor([0, 5])
REFUSED = [
    (lambda: mg.sum(M, 2), IndexError, "sum: dim: expected -2 to 1 for a tensor of 2 dimensions, got 2"),
    (lambda: mg.amax(M, (0, 0)), ValueError, "amax: dim: expected each dimension once"),
    (lambda: mg.ones(0).max(), ShapeError, "max: expected at least one element"),
    (lambda: mg.ones(0).median(), ShapeError, "median: expected at least one element"),
    (lambda: mg.argmax(mg.ones(0, 2), 0), ShapeError, "argmax: expected at least one element"),
    (lambda: mg.tensor([1, 2]).mean(), DtypeError, "mean: expected a floating dtype, got int64"),
    (lambda: mg.topk(V, 4), ShapeError, "topk: k: expected 0 to 3, the size of dimension 0, got 4"),
    (lambda: mg.kthvalue(V, 0), ShapeError, "kthvalue: k: expected 1 to 3"),
    (lambda: mg.quantile(V, 1.5), ValueError, "quantile: q: expected numbers from 0 to 1, got 1.5"),
    (lambda: mg.quantile(V, 0.5, interpolation="best"), ValueError, 'interpolation: expected "linear"'),
    (lambda: mg.scatter(V, 0, PLACES, 1.0), IndexError, "scatter: expected indices from 0 to 2"),
    (lambda: mg.scatter_add(V, 0, mg.tensor([[0]]), M), ShapeError, "scatter_add: `index`: expected 1 dimensions"),
    (lambda: mg.scatter(V, 0, PLACES, V, reduce="min"), IndexError, "scatter: expected indices"),
    (lambda: mg.scatter_reduce(V, 0, mg.tensor([0]), V, "max"), ValueError, 'scatter_reduce: reduce: expected "sum"'),
    (lambda: mg.index_select(V, 0, PLACES), IndexError, "index_select: expected indices from 0 to 2"),
    (lambda: mg.index_add(V, 0, mg.tensor([[0]]), V), ShapeError, "index_add: `index`: expected a vector"),
    (lambda: mg.take(V, PLACES), IndexError, "take: expected indices from 0 to 2"),
    (lambda: mg.masked_select(V, V), DtypeError, "masked_select: `mask`: expected bool, got float32"),
    (lambda: mg.where(PLACES, PLACES, 0), DtypeError, r"where: `condition`: expected bool, got int64\[2\]; convert it"),
    (lambda: M.where(M, 0.0), DtypeError, r"where: `condition`: expected bool, got float32\[2, 3\]"),
    (lambda: mg.masked_scatter(V, V > 0, mg.ones(2)), ShapeError, "`source`: expected at least 3 elements, got 2"),
    (lambda: mg.bincount(V), DtypeError, "bincount: expected a vector of integers, got float32"),
    (lambda: mg.tril(V), ShapeError, "tril: expected at least 2 dimensions"),
    (lambda: mg.diagonal(M, 0, 1, 1), ShapeError, "diagonal: expected two different dimensions"),
    (lambda: mg.diag(mg.ones(1, 1, 1)), ShapeError, "diag: expected 1 or 2 dimensions"),
    (lambda: mg.trace(V), ShapeError, "trace: expected a matrix"),
    (lambda: mg.roll(M, (1, 2), 0), ShapeError, "roll: expected as many shifts as dims"),
    (lambda: mg.rot90(M, 1, (0, 0)), ShapeError, "rot90: expected two different dimensions"),
    (lambda: M.repeat(2), ShapeError, "repeat: expected at least 2 numbers"),
    (lambda: M.unfold(1, 4, 1), ShapeError, "unfold: expected a size of at most 3"),
    (lambda: M.unflatten(1, (2, 2)), ShapeError, "unflatten: sizes"),
    (lambda: mg.as_strided(M, (9,), (1,)), ShapeError, "as_strided: the last element would be number 8 of 6"),
    (lambda: mg.as_strided(M.T, (2,), (1,)), ShapeError, "as_strided: expected a contiguous tensor"),
    (lambda: mg.meshgrid(V, V, indexing="zz"), ValueError, 'meshgrid: indexing: expected "ij" or "xy"'),
    (lambda: mg.einsum("ij,jk->ik", M), ShapeError, "speaks of 2 operands, got 1"),
    (lambda: mg.einsum("ij,jk->ik", M, M), ShapeError, "'j' in 'ij,jk->ik' stands for sizes 3 and 2"),
    (lambda: mg.einsum("ij->ik", M), ValueError, "must name letters of the operands"),
    (lambda: mg.einsum("ijk", M), ShapeError, "operand 0 has 2 dimensions"),
    (lambda: mg.tensordot(M, M, 1), ShapeError, "tensordot: expected pairs of dimensions of equal size"),
    (lambda: mg.mv(M, mg.ones(3, 1)), ShapeError, "mv: expected a matrix and a vector"),
    (lambda: mg.linalg.cross(M, mg.ones(2, 2)), ShapeError, "cross: expected 3 elements in dimension -1"),
    (lambda: mg.linalg.inv(M), ShapeError, r"inv: expected square matrices \(..., n, n\), got float\d+\[2, 3\]"),
    (lambda: mg.linalg.inv(mg.zeros(2, 2)), mg.linalg.LinAlgError, r"inv: Singular matrix; got float32\[2, 2\]"),
    (lambda: mg.linalg.inv(mg.eye(2).half()), DtypeError, "inv: expected float32 or float64, got float16"),
    (lambda: mg.linalg.cholesky(-mg.eye(2)), mg.linalg.LinAlgError, "cholesky: Matrix is not positive definite"),
    (lambda: mg.linalg.solve(mg.eye(2), V), ShapeError, "solve: expected A .*and B"),
    (lambda: mg.linalg.eigh(mg.eye(2), "X"), ValueError, 'eigh: UPLO: expected "L" or "U"'),
    (lambda: mg.linalg.matrix_norm(M, 3), ValueError, 'matrix_norm: ord: expected "fro"'),
    (lambda: F.conv2d(mg.ones(1, 2, 3, 3), mg.ones(1, 3, 2, 2)), ShapeError, "conv2d: expected an input of 3 channels"),
    (lambda: F.conv2d(mg.ones(1, 2, 3, 3), mg.ones(1, 2, 4, 4)), ShapeError, r"a kernel of \(4, 4\) .* does not fit"),
    (lambda: F.conv2d(mg.ones(1, 2, 3, 3), mg.ones(3, 1, 2, 2), groups=2), ShapeError, "groups: expected a divisor"),
    (lambda: F.conv1d(mg.ones(1, 2, 3), mg.ones(1, 2, 2), stride=0), ShapeError, "conv1d: stride: expected a number"),
    (lambda: F.conv1d(mg.ones(1, 2, 3), mg.ones(1, 2, 2), padding="some"), ValueError, "padding: expected numbers"),
    (lambda: F.conv1d(mg.ones(1, 2, 3), mg.ones(1, 2, 2), mg.ones(3)), ShapeError, "`bias`: expected 1 numbers"),
    (lambda: F.max_pool2d(mg.ones(1, 1, 2, 2), 3), ShapeError, r"windows of \(3, 3\) do not fit"),
    (lambda: F.max_pool2d(mg.ones(1, 1, 4, 4), 2, padding=2), ShapeError, "padding: expected at most half"),
    (lambda: F.adaptive_avg_pool2d(mg.ones(1, 1, 2, 2), (1, 1, 1)), ShapeError, "output_size: expected a number, or 2"),
    (lambda: F.pad(V, (3, 0), "reflect"), ShapeError, "mode 'reflect' can widen a dimension of size 3 by at most 2"),
    (lambda: F.pad(V, (1, 0, 1)), ShapeError, "pad: expected a pair for each"),
    (lambda: F.batch_norm(mg.ones(1, 3), training=True), ShapeError, "more than one value for each channel"),
    (lambda: F.batch_norm(M), ValueError, "running_mean and running_var: expected both"),
    (lambda: F.layer_norm(M, (2,)), ShapeError, r"layer_norm: expected an input whose last sizes are \(2,\)"),
    (lambda: F.group_norm(M, 2), ShapeError, "num_groups: expected a divisor of the 3 channels"),
    (lambda: F.embedding(PLACES, M), IndexError, "embedding: expected indices from 0 to 1"),
    (lambda: F.glu(M), ShapeError, "glu: expected an even size"),
    (lambda: F.prelu(M, mg.ones(2)), ShapeError, "prelu: `weight`"),
    (lambda: mg.clamp(M), ValueError, "clamp: at least one of min and max"),
    (lambda: mg.where(True, M, M), TypeError, "where: `condition`: expected a Tensor, got True"),
    (lambda: mg.polygamma(-1, V), ValueError, "polygamma: n: expected 0 or more"),
]  # fmt: skip


@pytest.mark.parametrize("call, error, text", [pytest.param(*r, id=f"{i}-{r[2][:30]}") for i, r in enumerate(REFUSED)])
def test_is_refused_in_words(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_of_operations_is_up_to_date(request: pytest.FixtureRequest) -> None:
    written = (request.config.rootpath / "docs" / "ops.md").read_text()
    assert written == page(), "run `python -m minigrad.ops --write docs/ops.md`"


def test_the_table_names_every_operation() -> None:
    text = plain()
    assert all(f"\n{name} " in text for name in op_db)
    assert f"{len(op_db)} operations" in text


@pytest.mark.parametrize("reduce", ["sum", "mean", "prod", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_reduce_of_integers_gives_integers(reduce: str, include_self: bool) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    found = [
        m.tensor([1, 20, 3]).scatter_reduce(
            0, m.tensor([0, 0, 1]), m.tensor([5, 8, 1]), reduce, include_self=include_self
        )
        for m in (mg, torch)
    ]
    assert found[0].dtype == mg.int64 and found[0].tolist() == found[1].tolist()


@pytest.mark.parametrize("classes", [1, 7, 3000])
@pytest.mark.parametrize("sign", [1, -1])
def test_many_rows_into_few_places_add_up_as_one_by_one(classes: int, sign: int) -> None:
    rng = np.random.default_rng(0)
    rows, values = rng.integers(0, classes, (8, 128)), rng.standard_normal((8, 128, 4, 8)).astype("float32")
    rows[0, 0] *= sign
    rows[0, 1] = sign * min(1, classes - 1)  # counted from the end in one of the cases
    table = mg.zeros(classes, 4, 8, requires_grad=True)
    table[mg.tensor(rows)].backward(mg.tensor(values))
    expected = np.zeros(table.shape, "float64")
    np.add.at(expected, rows, values)
    np.testing.assert_allclose(table.grad.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_a_row_out_of_range_is_still_an_error() -> None:
    out = np.zeros((3, 32), "float32")
    with pytest.raises(IndexError, match="out of bounds"):
        backend.add_at(out, np.full(1000, 3), np.ones((1000, 32), "float32"))


def test_a_large_matrix_of_gradients_is_summed_to_any_shape() -> None:
    number, row, whole = mg.tensor(2.0, requires_grad=True), mg.ones(150, requires_grad=True), mg.ones(150, 150)
    (whole * number * row).sum().backward()
    assert number.grad.shape == () and number.grad.item() == 22500 and row.grad.tolist() == [300.0] * 150
    x = mg.ones(150, 150, requires_grad=True)
    x.expand(150, 150).sum().backward()
    assert x.grad.shape == (150, 150)


@pytest.mark.parametrize("stride, dilation, extra", [(1, 2, 1), (1, 3, 2), (2, 1, 1)])
def test_a_transposed_convolution_with_room_to_spare(stride: int, dilation: int, extra: int) -> None:
    x, w = mg.ones(1, 3, 7, 8), mg.ones(3, 4, 3, 3)
    y = mg.nn.functional.conv_transpose2d(x, w, stride=stride, dilation=dilation, output_padding=extra)
    assert y.sum().item() == 3 * 56 * 4 * 9 and not y[:, :, -1].any()


def test_a_uint8_mask_is_a_bool_one_not_indices() -> None:
    x, mask = mg.tensor([1.0, 2.0, 3.0]), mg.tensor([1, 0, 1], dtype=mg.uint8)
    assert x[mask].tolist() == [1, 3] and mg.index_put(x, (mask,), mg.tensor(5.0)).tolist() == [5, 2, 5]
    assert mg.index_put(x, (mask,), mg.tensor(5.0), accumulate=True).tolist() == [6, 2, 8]
    with pytest.warns(FutureWarning, match=r"where: condition: uint8 is deprecated; convert it with .bool\(\)"):
        assert mg.where(mask, x, -x).tolist() == [1, -2, 3]
