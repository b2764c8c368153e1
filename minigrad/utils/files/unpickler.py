"""Reading a pickle without running code: Python's modules parse its instructions, and these carry them out, on plain
values and on the closed list of `names.py`."""

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any

from minigrad.utils.files import names
from minigrad.utils.files.names import Name

Find = Callable[[Any], Any]  # the storage of a persistent id


def load(file: IO[bytes], find: Find) -> Any:
    """The object that a pickle describes. Raises UnpicklingError for a name that is not on the list, ValueError for a
    pickle that is damaged."""
    machine = _Machine(find)
    try:
        for opcode, argument, _ in pickletools.genops(file):
            step = _STEPS.get(opcode.name)
            if step is None:
                raise ValueError(f"the instruction {opcode.name}")
            step(machine, argument)
        (result,) = machine.stack
        return machine.value(result)
    except (names.UnpicklingError, MemoryError):
        raise
    except Exception as error:
        what = str(error) if isinstance(error, ValueError) else repr(error)
        raise ValueError(f"its pickle is damaged, or none: {what}") from error


class _Machine:
    """The stack on which a pickle builds its object, the stacks below the marks, and what was numbered."""

    def __init__(self, find: Find) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.find = find

    def value(self, found: Any) -> Any:
        """What may be part of an object: no class or function alone."""
        if isinstance(found, Name):
            raise names.refused(found.name)
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def items(self) -> list[Any]:
        """All since the last mark."""
        found, self.stack = self.stack, self.below.pop()
        return found

    def keep(self, number: Any) -> None:
        self.memo[len(self.memo) if number is None else number] = self.stack[-1]

    def make_tuple(self, size: int | None) -> None:
        if size is None:
            self.push(tuple(self.items()))
        else:
            start = len(self.stack) - size
            if start < 0:
                raise IndexError("the stack is empty")
            self.stack[start:] = [tuple(self.stack[start:])]

    def extend(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise ValueError(f"something is appended to {type(target).__name__}")
        target += map(self.value, values)

    def update(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict) or len(values) % 2:
            raise ValueError(f"an item is set in {type(target).__name__}")
        for key, value in zip(values[::2], values[1::2]):
            target[names.check_key(key)] = self.value(value)

    def add(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not set:
            raise ValueError(f"something is added to {type(target).__name__}")
        target.update(map(names.check_key, values))

    def name(self, text: str) -> None:
        module, _, last = text.partition(" ")
        module = "builtins" if module == "__builtin__" else module
        self.push(names.lookup(f"{module}.{last}"))

    def reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.push(names.call(function, arguments))

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        names.build(self.stack[-1], state)


def _stack_global(machine: _Machine, _: Any) -> None:
    last, module = machine.stack.pop(), machine.stack.pop()
    if type(last) is not str or type(module) is not str:
        raise ValueError("a name that is no text")
    machine.name(f"{module} {last}")


def _dict(machine: _Machine, _: Any) -> None:
    values = machine.items()
    machine.push({})
    machine.update(values)


def _list(machine: _Machine, _: Any) -> None:
    values = machine.items()
    machine.push([])
    machine.extend(values)


_CONSTANTS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE "
    "SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8"
)
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(_CONSTANTS.split(), _Machine.push),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.keep),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda m, number: m.push(m.memo[number])),
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda m, _: None),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.reduce),
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_SET": lambda m, _: m.push(set()),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "BYTEARRAY8": lambda m, value: m.push(bytearray(value)),
    "MARK": _Machine.mark,
    "POP": lambda m, _: m.stack.pop() if m.stack else m.items(),
    "POP_MARK": lambda m, _: m.items(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    "TUPLE": lambda m, _: m.make_tuple(None),
    "TUPLE1": lambda m, _: m.make_tuple(1),
    "TUPLE2": lambda m, _: m.make_tuple(2),
    "TUPLE3": lambda m, _: m.make_tuple(3),
    "LIST": _list,
    "DICT": _dict,
    "FROZENSET": lambda m, _: m.push(frozenset(map(names.check_key, m.items()))),
    "APPEND": lambda m, _: m.extend([m.stack.pop()]),
    "APPENDS": lambda m, _: m.extend(m.items()),
    "SETITEM": lambda m, _: m.update([m.stack.pop(), m.stack.pop()][::-1]),
    "SETITEMS": lambda m, _: m.update(m.items()),
    "ADDITEMS": lambda m, _: m.add(m.items()),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _stack_global,
    "BUILD": _Machine.build,
    "BINPERSID": lambda m, _: m.push(m.find(m.stack.pop())),
}


class CodeUnpickler(pickle.Unpickler):
    """Python's own unpickler, which runs what the file says. Of PyTorch's names it knows those of the list: its modules
    have other attributes than minigrad's."""

    def __init__(self, file: IO[bytes], find: Find) -> None:
        super().__init__(file, encoding="latin1")
        self.persistent_load = find  # type: ignore[method-assign]

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for."""
        whole = f"{module}.{name}"
        if module.split(".")[0] != "torch":
            first, *rest = name.split(".")  # protocol 2 knows no names with dots
            found: Any = super().find_class(module, first)
            for part in rest:
                found = getattr(found, part)
            return found
        if whole in names.CALLS:
            return names.CALLS[whole]
        return names.lookup(whole)
