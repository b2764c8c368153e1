"""Fused operations: one operation that stands for several, for speed, and is held to what they are.

    @fused("normalized", composed, slopes)
    def _normalized(input, weight, bias, *, dims): ...

The forward works on raw arrays. `plain` is the same, composed of operations: what a reader reads, and what
`create_graph=True` differentiates, so that gradients of any order come from it. `slopes` is its gradient written out
for raw arrays, that of all arguments at once, because they share most of the work. Tests hold the three to each other.
"""

from collections.abc import Callable
from typing import Any

from minigrad.engine.primitive import REGISTRY, Plan, Rule, primitive
from minigrad.engine.tensor import Tensor


def fused(
    name: str, plain: Callable[..., Any], slopes: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a forward as an operation.

    plain   takes the forward's arguments, tensors, and settings
    slopes  (g, needed, *arguments, *settings): a gradient for each argument; what stands for those of which `needed`
            says False is not looked at
    """

    def register(forward: Callable[..., Any]) -> Callable[..., Any]:
        code = forward.__code__
        count = code.co_argcount
        arguments = code.co_varnames[:count]
        settings = code.co_varnames[count : count + code.co_kwonlyargcount]
        rules = {a: _rule(plain, i, arguments, settings) for i, a in enumerate(arguments)}
        call = primitive(name=name, **rules)(forward)  # type: ignore[arg-type]
        REGISTRY[name].planned, SLOPES[name] = FusedPlan, slopes
        return call

    return register


def _rule(plain: Callable[..., Any], i: int, arguments: tuple[str, ...], settings: tuple[str, ...]) -> Rule:
    """The rule for argument i: that of the composed operation. It names all arguments and settings, which are kept."""
    names = ", ".join((*arguments, *settings))
    options = ", ".join(f"{s}={s}" for s in settings)
    rule: Rule = eval(
        f"lambda g, {names}: slope(g, {i}, plain, ({', '.join(arguments)},), dict({options}))",
        {"plain": plain, "slope": _slope, "__name__": __name__},
    )
    return rule


def _slope(g: Any, i: int, plain: Callable[..., Any], arguments: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """The gradient of `plain` in argument i, the others held: each gets a node of its own, so that one that was made of
    another, or is the same tensor, does not add its share."""
    from minigrad.engine.gradients import grad

    apart = [a.clone() if isinstance(a, Tensor) else a for a in arguments]
    return grad(plain(*apart, **settings), apart[i], g, create_graph=True, allow_unused=True)[0]


class FusedPlan(Plan):
    """A plan whose rules give what one call of the op's `slopes` gave; on tensors they are those of `plain`."""

    __slots__ = ("plain",)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One for each needed argument. The first that is asked runs `slopes`, for all of them; what it gave goes when
        the walk lets go of them."""
        given: list[Any] = []

        def asked(i: int, rule: Rule) -> Rule:
            def ask(g: Any, *kept: Any) -> Any:
                if isinstance(g, Tensor):
                    return rule(g, *kept)
                if not given:
                    given.extend(SLOPES[self.name](g, self.mask, *kept))
                return given[i]

            return ask

        needed = (i for i, need in enumerate(self.mask) if need)
        return tuple(asked(i, rule) for i, rule in zip(needed, self.plain))

    @rules.setter
    def rules(self, rules: tuple[Rule, ...]) -> None:
        self.plain = rules


SLOPES: dict[str, Callable[..., Any]] = {}
