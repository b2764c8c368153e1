"""Pixels moved between channels and space, and channels shuffled, as modules."""

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule


class PixelShuffle(FunctionModule, function=F.pixel_shuffle):
    """(N, C r^2, H, W) to (N, C, H r, W r), r = upscale_factor: each r^2 channels become a square of r x r pixels.

    Shi et al., Real-Time Single Image and Video Super-Resolution, CVPR 2016.
    """

    def __init__(self, upscale_factor: int) -> None: ...


class PixelUnshuffle(FunctionModule, function=F.pixel_unshuffle):
    """(N, C, H r, W r) to (N, C r^2, H, W), r = downscale_factor: the inverse of PixelShuffle."""

    def __init__(self, downscale_factor: int) -> None: ...


class ChannelShuffle(FunctionModule, function=F.channel_shuffle):
    """The channels of (N, C, ...), in `groups` groups, interleaved: the first of each group, then the second, ...

    Zhang et al., ShuffleNet, CVPR 2018.
    """

    def __init__(self, groups: int) -> None: ...


__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]
