"""Zeros and ones by chance: drawn by NumPy's generator, or on a GPU made where they are needed, the very ones that the
generator would have drawn next.

The generator is a Philox (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011): the numbers of block n
are a function of n and the key, so that every thread makes its own.
"""

from typing import Any

import numpy as np

from minigrad.backend.arrays import array_module, copy_to
from minigrad.backend.cuda_kernel import elementwise
from minigrad.backend.devices import device_of
from minigrad.backend.run import device_guard

PHILOX = """
typedef unsigned long long word;
__device__ word philox(word a, word b, word c, word d, word key, word key2, word block, int lane) {
    a += block;                      // the counter, of four words, with its carries
    if (a < block && !++b && !++c) ++d;
    for (int round = 0; round < 10; round++) {
        word low = a * 0xD2E7470EE14C6C93ull, high = __umul64hi(a, 0xD2E7470EE14C6C93ull);
        word low2 = c * 0xCA5A826395121157ull, high2 = __umul64hi(c, 0xCA5A826395121157ull);
        a = high2 ^ b ^ key; b = low2; c = high ^ d ^ key2; d = low;
        key += 0x9E3779B97F4A7C15ull; key2 += 0xBB67AE8584CAA73Bull;
    }
    return lane == 0 ? a : lane == 1 ? b : lane == 2 ? c : d;
}
"""
BERNOULLI = elementwise(
    "bernoulli",
    "uint64 a, uint64 b, uint64 c, uint64 d, uint64 key, uint64 key2, int64 first, float64 p, float64 kept",
    "T out",
    """
    long long k = first + i;
    double u = (philox(a, b, c, d, key, key2, k / 4, k % 4) >> 11) * (1.0 / 9007199254740992.0);
    out = u < p ? A(kept) : A(0);
    """,
    PHILOX,
)


def draw_bernoulli(
    rng: "np.random.Generator", shape: tuple[int, ...], p: float, beside: Any, value: float = 1.0
) -> Any:
    """`value` where `rng.random(shape) < p`, else 0, in the dtype of the array `beside` and on its device."""
    if array_module(beside) is np or beside.dtype.kind != "f":
        drawn = (rng.random(shape) < p).astype(beside.dtype)
        if value != 1:
            drawn *= drawn.dtype.type(value)
        return copy_to(drawn, device_of(beside))
    with device_guard(beside):
        out = array_module(beside).empty(shape, dtype=beside.dtype)
        bits: Any = rng.bit_generator
        state = bits.state
        BERNOULLI.call(*state["state"]["counter"], *state["state"]["key"], state["buffer_pos"], p, value, out)
    _skip(bits, state, out.size)
    return out


def _skip(bits: Any, state: dict[str, Any], n: int) -> None:
    """Let a generator in that state go on as if it had drawn n words."""
    end = state["buffer_pos"] + n
    blocks = max(0, (end - 1) // 4)
    if not blocks:
        bits.random_raw(n)
        return
    counter = sum(int(w) << 64 * k for k, w in enumerate(state["state"]["counter"])) + blocks - 1
    state["state"]["counter"] = np.array([counter >> 64 * k & 2**64 - 1 for k in range(4)], "uint64")
    bits.state = state | {"buffer_pos": 4}
    bits.random_raw(end - 4 * blocks)  # the block it ends in
