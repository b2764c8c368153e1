"""Pixels moved between channels and space, and channels shuffled, as modules."""

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule


class PixelShuffle(FunctionModule):
    """(N, C r^2, H, W) to (N, C, H r, W r), r = upscale_factor: each r^2 channels become a square of r x r pixels.

    Shi et al., Real-Time Single Image and Video Super-Resolution, CVPR 2016.
    """

    function = staticmethod(F.pixel_shuffle)

    def __init__(self, upscale_factor: int) -> None:
        super().__init__(upscale_factor=upscale_factor)


class PixelUnshuffle(FunctionModule):
    """(N, C, H r, W r) to (N, C r^2, H, W), r = downscale_factor: the inverse of PixelShuffle."""

    function = staticmethod(F.pixel_unshuffle)

    def __init__(self, downscale_factor: int) -> None:
        super().__init__(downscale_factor=downscale_factor)


class ChannelShuffle(FunctionModule):
    """The channels of (N, C, ...), in `groups` groups, interleaved: the first of each group, then the second, ...

    Zhang et al., ShuffleNet, CVPR 2018.
    """

    function = staticmethod(F.channel_shuffle)

    def __init__(self, groups: int) -> None:
        super().__init__(groups=groups)


__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]
