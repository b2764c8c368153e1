"""State by path: each module is asked for its own part, and what does not fit is told."""

from collections import OrderedDict
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn


class Scaled(nn.Module):
    """A module that saves and loads a number of its own."""

    def __init__(self, scale: float = 3.0) -> None:
        super().__init__()
        self.layer, self.scale = nn.Linear(2, 2), scale

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "scale"] = mg.tensor(self.scale)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, metadata: Any, strict: bool, missing: Any,
                              unexpected: Any, errors: Any) -> None:  # fmt: skip
        if prefix + "scale" in state_dict:
            self.scale = state_dict.pop(prefix + "scale").item()
        else:
            missing.append(prefix + "scale")
        super()._load_from_state_dict(state_dict, prefix, metadata, strict, missing, unexpected, errors)


def test_a_module_saves_and_loads_its_own_part() -> None:
    first, second = nn.Sequential(Scaled(5.0), nn.Linear(2, 1)), nn.Sequential(Scaled(), nn.Linear(2, 1))
    state = first.state_dict()
    assert list(state) == ["0.scale", "0.layer.weight", "0.layer.bias", "1.weight", "1.bias"]
    assert second.load_state_dict(state) == ([], []) and second[0].scale == 5 and "0.scale" in state
    assert mg.equal(second[0].layer.weight, first[0].layer.weight)
    del state["0.scale"]
    assert second.load_state_dict(state, strict=False).missing_keys == ["0.scale"]
    with pytest.raises(RuntimeError, match="load_state_dict into Sequential: the rest was loaded;\n  missing: 0.scale"):
        second.load_state_dict(state)


def test_a_module_renames_keys_of_an_earlier_version_for_its_children() -> None:
    class Renamed(nn.Module):
        _version = 2

        def __init__(self) -> None:
            super().__init__()
            self.new = nn.Linear(1, 1)

        def _load_from_state_dict(self, state_dict: Any, prefix: str, metadata: Any, *rest: Any) -> None:
            if metadata.get("version", 1) < 2:
                for name in ("weight", "bias"):
                    state_dict[f"{prefix}new.{name}"] = state_dict.pop(f"{prefix}old.{name}")
            super()._load_from_state_dict(state_dict, prefix, metadata, *rest)

    net = nn.Sequential(Renamed())
    assert net.load_state_dict({"0.old.weight": mg.ones(1, 1), "0.old.bias": mg.ones(1)}) == ([], [])
    assert net[0].new.weight.item() == 1 and net.load_state_dict(net.state_dict()) == ([], [])
    assert net.state_dict()._metadata == {"": {"version": 1}, "0": {"version": 2}, "0.new": {"version": 1}}


def test_a_child_s_own_state_dict_is_asked() -> None:
    class More(nn.Linear):
        def state_dict(self, *args: Any, **options: Any) -> Any:
            found = super().state_dict(*args, **options)
            found[options["prefix"] + "more"] = mg.ones(1)
            return found

    assert list(nn.Sequential(More(1, 1, bias=False)).state_dict()) == ["0.weight", "0.more"]
    with pytest.warns(FutureWarning, match="state_dict: arguments by position are deprecated; name destination"):
        assert list(nn.Linear(1, 1).state_dict({"own": 1}, "p.")) == ["own", "p.weight", "p.bias"]
    assert type(nn.Linear(1, 1).state_dict()) is OrderedDict


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(mg.ones(1))


class Gives(Plain):
    def get_extra_state(self) -> Any:
        return 7


class Takes(Plain):
    def set_extra_state(self, state: Any) -> None:
        self.got = state


@pytest.mark.parametrize("source, target, missing, unexpected", [
    (Plain, Takes, ["_extra_state"], []), (Plain, Gives, [], []), (Gives, Plain, [], ["_extra_state"]),
    (Gives, Gives, [], ["_extra_state"]), (Gives, Takes, [], []),
])  # fmt: skip
def test_extra_state_is_due_where_it_can_be_taken(
    source: Any, target: Any, missing: list[str], unexpected: list[str]
) -> None:
    state, net = source().state_dict(), target()
    assert net.load_state_dict(state, strict=False) == (missing, unexpected)
    assert getattr(net, "got", 7) == 7
    if missing or unexpected:
        with pytest.raises(RuntimeError, match="nothing was loaded;\n  (missing|unexpected): _extra_state"):
            target().load_state_dict(state)
    else:
        assert repr(target().load_state_dict(state)) == "<All keys matched successfully>"


def test_what_takes_the_place_of_a_buffer_that_is_not_saved() -> None:
    def net() -> nn.Module:
        made = nn.Module()
        made.register_buffer("b", mg.ones(1), persistent=False)
        return made

    plain, parameter, child, none, again = (net() for _ in range(5))
    plain.b = mg.zeros(1)
    parameter.b = nn.Parameter(mg.zeros(1))
    child.b = nn.Linear(1, 1)
    child.b = nn.Parameter(mg.zeros(1))
    none.b = None
    del again.b
    again.b = nn.Parameter(mg.zeros(1))
    assert [list(m.state_dict()) for m in (plain, parameter, child, none, again)] == [[], ["b"], ["b"], [], ["b"]]
    assert parameter.load_state_dict({"b": mg.ones(1)}) == ([], []) and parameter.b.item() == 1


def test_values_and_keys_of_another_kind_are_told() -> None:
    with pytest.raises(RuntimeError, match="bias: expected a Tensor, got NoneType"):
        nn.Linear(1, 1).load_state_dict({"weight": mg.ones(1, 1), "bias": None})
    with pytest.raises(TypeError, match="load_state_dict: expected paths as keys, got 3"):
        nn.Linear(1, 1).load_state_dict({3: mg.ones(1, 1)})
    child = nn.Sequential(nn.Linear(1, 1, bias=False))
    child.register_module("gone", None)
    state = {"gone.w": 1, "0.x.y": 1, "0.weight": mg.ones(1, 1)}
    assert child.load_state_dict(state, strict=False) == ([], ["gone.w", "0.x.y"])


def test_a_module_s_own_conversion_is_asked() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = mg.ones(2)  # no buffer

        def _apply(self, fn: Any, recurse: bool = True) -> Any:
            self.table = fn(self.table)
            return super()._apply(fn, recurse)

    net = nn.Sequential(nn.Sequential(Table()), nn.Linear(1, 1)).double()
    assert net[0][0].table.dtype == net[1].weight.dtype == mg.float64


@pytest.mark.parametrize("kind, shape", [(nn.BatchNorm1d, (4, 2)), (nn.BatchNorm2d, (4, 2, 3, 3)),
                                         (nn.BatchNorm3d, (2, 2, 2, 2, 2))])  # fmt: skip
def test_batch_norm_s_statistics_stay_where_tracking_is_switched_off(kind: Any, shape: tuple[int, ...]) -> None:
    mg.manual_seed(0)
    norm, x = kind(2), mg.randn(*shape)
    norm(x)
    before = [b.tolist() for b in norm.buffers()]
    norm.track_running_stats = False
    assert mg.equal(norm(x), kind(2)(x)) and [b.tolist() for b in norm.buffers()] == before
    kept = norm.eval()(x)
    norm.track_running_stats = True
    assert mg.equal(kept, norm(x)) and not mg.equal(kept, kind(2)(x))
