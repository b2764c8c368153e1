"""`Tensor` itself: how it is made, what it says of itself, its data and gradient, copies, NumPy's side of it."""

import copy
import gc
import pickle
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.errors import DtypeError, GraphError, ShapeError


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


# --- Tensor(...) --------------------------------------------------------------------------------------------------


def test_tensor_of_sizes_is_uninitialised_float32() -> None:
    for t, shape in (
        (mg.Tensor(2, 3), (2, 3)),
        (mg.Tensor(4), (4,)),
        (mg.Tensor(np.int64(4)), (4,)),
        (mg.Tensor(mg.Size((2, 3))), (2, 3)),
        (mg.Tensor(0), (0,)),
        (mg.Tensor(), (0,)),
    ):
        assert (t.shape, t.dtype, t.requires_grad) == (shape, mg.float32, False)


def test_tensor_of_data_is_a_float32_copy() -> None:
    array = np.array([1, 2], dtype="int16")
    assert mg.Tensor(array).tolist() == [1, 2] and mg.Tensor(array).dtype == mg.float32
    assert mg.Tensor([[1, 2], [3, 4]]).shape == (2, 2) and mg.Tensor((2, 3)).tolist() == [2, 3]
    assert mg.Tensor([]).shape == (0,) and mg.Tensor(range(3)).tolist() == [0, 1, 2]
    source = np.ones(2, dtype="float32")
    assert not np.shares_memory(mg.Tensor(source).numpy(), source)
    assert mg.Tensor(mg.ones(2, dtype=mg.float64)).dtype == mg.float32
    assert mg.Tensor([mg.tensor(1), 2.5]).tolist() == [1, 2.5]


@pytest.mark.parametrize("data", [(2.5,), (True,), ("ab",), (None,), (2, "a"), ({},), ([1], [2])], ids=repr)
def test_what_no_tensor_can_be_made_of(data: Any) -> None:
    with pytest.raises(TypeError, match=r"Tensor\(\): expected sizes, or one list, array or tensor, got"):
        mg.Tensor(*data)


def test_wrong_sizes_and_ragged_data() -> None:
    with pytest.raises(ValueError, match=r"size: expected 0 or more, got \(-1,\)"):
        mg.Tensor(-1)
    with pytest.raises(TypeError, match=r"cannot make a tensor of \[\[1, 2\], \[3\]\]"):
        mg.Tensor([[1, 2], [3]])


# --- what it says of itself ---------------------------------------------------------------------------------------


def test_attributes() -> None:
    t = mg.ones(2, 3, dtype=mg.float64)
    assert (t.shape, t.ndim, t.dim(), t.ndimension(), t.numel(), t.nelement(), t.element_size()) == (
        (2, 3),
        2,
        2,
        2,
        6,
        6,
        8,
    )
    assert (t.size(), t.size(0), t.size(-1), len(t)) == ((2, 3), 2, 3, 2)
    assert t.device == mg.device("cpu") and not t.is_cuda and t.is_floating_point() and t.is_contiguous()
    assert not mg.tensor([1]).is_floating_point() and not t.T.is_contiguous() and t.T.contiguous().is_contiguous()
    assert t.contiguous() is t and t.data_ptr() == t.detach().data_ptr() != t.clone().data_ptr()
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'grads'"):
        t.grads  # noqa: B018
    with pytest.raises(AttributeError):
        t.grads = 1


def test_size_is_a_tuple_with_pytorch_s_name() -> None:
    size = mg.ones(2, 3).shape
    assert isinstance(size, tuple) and size == (2, 3) and size.numel() == 6 and mg.Size(()).numel() == 1
    assert repr(size) == "minigrad.Size([2, 3])" and hash(size) == hash((2, 3)) and size[1] == 3


def test_items_and_lists() -> None:
    assert mg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]] and mg.tensor(2.5).tolist() == 2.5
    for t, kind in ((mg.tensor(2), int), (mg.tensor([2.5]), float), (mg.tensor(True), bool)):
        assert type(t.item()) is kind
    with pytest.raises(RuntimeError, match=r"item: expected a tensor of one element, got shape \(2,\)"):
        mg.ones(2).item()
    with pytest.raises(TypeError, match="len\\(\\) of a 0-d tensor"):
        len(mg.tensor(1.0))


def test_requires_grad() -> None:
    t = mg.ones(2)
    assert t.requires_grad_() is t and t.requires_grad and t.is_leaf and t.grad is None
    assert not t.requires_grad_(False).requires_grad
    t.requires_grad = True
    h = t * 2
    with pytest.raises(
        GraphError, match=r"requires_grad = False: this tensor is the result of a recorded operation; use t.det"
    ):
        h.requires_grad = False
    h.requires_grad = True
    with pytest.raises(DtypeError, match="requires_grad: only floating tensors can require gradients, got int64"):
        mg.tensor([1], requires_grad=True)


# --- data and detach ----------------------------------------------------------------------------------------------


def test_data_and_detach_are_unrecorded_tensors_on_the_same_memory() -> None:
    x = leaf(1, 2)
    for alias in (x.data, x.detach()):
        assert not alias.requires_grad and np.shares_memory(alias.numpy(), x.detach().numpy())
        alias[0] += 1
    assert x.tolist() == [3, 2]
    h = x * 2
    assert h.detach().is_leaf and h.requires_grad
    assert h.detach_() is h and not h.requires_grad and h.is_leaf
    with pytest.raises(GraphError, match=r"detach_: a view cannot be detached in place; use t.detach\(\)"):
        (x * 2)[:1].detach_()


def test_setting_data_looks_at_the_other_tensors_memory() -> None:
    x, other = leaf(1, 2), mg.tensor([5.0, 6.0], dtype=mg.float64)
    x.data = other
    assert x.tolist() == [5, 6] and x.requires_grad and x.is_leaf
    other[0] = 7
    assert x.tolist() == [7, 6]
    (x * x).sum().backward()
    assert x.grad.tolist() == [14, 12]


def test_setting_data_of_another_shape_or_dtype() -> None:
    x = leaf(1, 2)
    x.data = mg.zeros(2, 2)
    (x + 1).sum().backward()
    assert (x.shape, x.grad.shape, x.grad.dtype) == ((2, 2), (2, 2), mg.float32)
    with pytest.raises(DtypeError, match="data: this tensor requires grad: expected floating data, got int64"):
        x.data = mg.tensor([1])
    with pytest.raises(TypeError, match="data: expected a Tensor, got list"):
        x.data = [1.0]


# --- grad ---------------------------------------------------------------------------------------------------------


def test_setting_grad() -> None:
    x, g = leaf(1, 2), mg.ones(2, dtype=mg.float64)
    x.grad = g
    (x * 2).sum().backward()
    assert x.grad is g and g.tolist() == [3, 3]  # added to in place, as in PyTorch
    del x.grad
    assert x.grad is None
    with pytest.raises(ShapeError, match=r"grad: expected float64\[2\] on cpu, got float64\[3\] on cpu"):
        x.grad = mg.ones(3, dtype=mg.float64)
    with pytest.raises(ShapeError, match=r"grad: expected float64\[2\] on cpu, got float32\[2\] on cpu"):
        x.grad = mg.ones(2)
    with pytest.raises(TypeError, match="grad: expected a Tensor or None, got float"):
        x.grad = 1.0
    with pytest.raises(GraphError, match="grad: a tensor cannot be its own gradient"):
        x.grad = x


def test_grad_has_the_tensors_shape_dtype_and_device() -> None:
    x = mg.ones(2, 1, dtype=mg.float16, requires_grad=True)
    (x * mg.ones(3, 2, 4)).sum().backward()
    assert (x.grad.shape, x.grad.dtype, x.grad.device) == (x.shape, x.dtype, x.device) and not x.grad.requires_grad


# --- copies -------------------------------------------------------------------------------------------------------


def test_clone_is_recorded_and_its_own() -> None:
    x = leaf(1, 2)
    y = x.clone()
    y.mul_(3).sum().backward()
    assert x.grad.tolist() == [3, 3] and x.tolist() == [1, 2]


def test_deepcopy_of_a_leaf() -> None:
    x = leaf(1, 2)
    (x * 3).sum().backward()
    same = {"a": x, "b": [x]}
    twin = copy.deepcopy(same)
    y = twin["a"]
    assert twin["b"][0] is y and y is not x and y.requires_grad and y.is_leaf
    assert y.grad.tolist() == [3, 3] and not np.shares_memory(y.grad.numpy(), x.grad.numpy())
    with mg.no_grad():
        y.zero_()
    assert x.tolist() == [1, 2]
    assert not copy.deepcopy(mg.ones(1)).requires_grad
    with pytest.raises(
        GraphError, match=r"deepcopy: only leaf tensors can be copied deeply; use t.detach\(\).clone\(\)"
    ):
        copy.deepcopy(x * 2)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_a_leaf(protocol: int) -> None:
    for t in (leaf(1, 2), mg.tensor(3), mg.ones(2, 3, dtype=mg.float16).T, mg.zeros(0, 2), mg.tensor([True])):
        back = pickle.loads(pickle.dumps(t, protocol))
        assert back.tolist() == t.tolist() and (back.dtype, back.shape) == (t.dtype, t.shape)
        assert back.requires_grad == t.requires_grad and back.grad is None and back.device == t.device


def test_pickling_a_result_is_refused() -> None:
    with pytest.raises(GraphError, match=r"pickle: only leaf tensors can be pickled; use t.detach\(\)"):
        pickle.dumps(leaf(1, 2) * 2)
    assert pickle.loads(pickle.dumps((leaf(1, 2) * 2).detach())).tolist() == [2, 4]


def test_a_subclass_stays_itself() -> None:
    class Named(mg.Tensor):
        pass

    t = Named([1.0, 2.0]).requires_grad_()
    assert type(copy.deepcopy(t)) is Named and repr(t).startswith("Named containing:\ntensor([1., 2.]")
    (t * t).sum().backward()
    assert t.grad.tolist() == [2, 4]


# --- NumPy --------------------------------------------------------------------------------------------------------


def test_numpy_and_from_numpy_share_memory() -> None:
    array = np.arange(4.0)
    t = mg.from_numpy(array)
    t[0] = 9
    array[1] = 8
    assert array.tolist() == t.tolist() == [9, 8, 2, 3] and t.dtype == mg.float64
    assert t.numpy() is array or np.shares_memory(t.numpy(), array)
    half = mg.from_numpy(array[::2])
    half.zero_()
    assert array.tolist() == [0, 8, 0, 3] and t._version == half._version == 2  # one storage


def test_what_numpy_cannot_have() -> None:
    x = leaf(1, 2)
    for look in (x.numpy, lambda: np.asarray(x), lambda: np.array(x), (x * 2).numpy):
        with pytest.raises(
            GraphError, match=r"numpy: this tensor requires grad, which NumPy cannot record; use t.detach\(\)"
        ):
            look()
    assert x.numpy(force=True).tolist() == [1, 2]
    with pytest.raises(TypeError, match="from_numpy: expected a NumPy array, got list"):
        mg.from_numpy([1])
    with pytest.raises(TypeError, match="from_numpy: expected this machine's byte order, got >f4; use tensor"):
        mg.from_numpy(np.ones(2, ">f4"))
    with pytest.raises(TypeError, match="a tensor holds bool, integer, floating or complex numbers, not NumPy's <U1"):
        mg.from_numpy(np.array(["a"]))


def test_array_interface() -> None:
    t = mg.tensor([1.0, 2.0])
    assert np.asarray(t).tolist() == [1, 2] and np.array(t, dtype="int64").dtype == "int64"
    assert np.shares_memory(np.asarray(t), t.numpy()) and not np.shares_memory(np.array(t), t.numpy())
    assert np.stack([t, t]).shape == (2, 2) and float(np.mean(np.asarray(t))) == 1.5


def test_numpys_own_functions_are_recorded() -> None:
    x = leaf(1, 2)
    y = np.exp(x) * np.float64(2) + np.maximum(x, 1.5)
    assert isinstance(y, mg.Tensor) and y.requires_grad
    (g,) = autograd.grad(y.sum(), x)
    assert np.allclose(g.numpy(), 2 * np.exp([1, 2]) + [0, 1])
    assert np.matmul(np.eye(2), x).grad_fn is not None and (np.eye(2) @ x).requires_grad
    for unknown in (lambda: np.nextafter(x, 1), lambda: np.add(x, 1, out=np.ones(2)), lambda: np.add.reduce(x)):
        with pytest.raises(TypeError, match="operand type"):
            unknown()


# --- identity -----------------------------------------------------------------------------------------------------


def test_tensors_are_dictionary_keys_by_identity() -> None:
    a, b = mg.ones(2), mg.ones(2)
    table = {a: "a", b: "b"}
    assert table[a] == "a" and table[b] == "b" and len({a, b, a}) == 2 and hash(a) != hash(b)


def test_tensors_of_one_program_leave_nothing_behind() -> None:
    gc.collect()
    before = sum(type(o) is mg.Tensor for o in gc.get_objects())
    x = leaf(1, 2)
    ((x * 2).exp()[0] * x.sum()).backward()
    del x
    assert sum(type(o) is mg.Tensor for o in gc.get_objects()) == before
