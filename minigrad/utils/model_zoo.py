"""`torch.utils.model_zoo` by name."""

from typing import Any

__all__ = ["load_url"]


def load_url(url: str, *args: Any, **options: Any) -> Any:
    """Raises NotImplementedError: files of the zoo are pickles."""
    raise NotImplementedError(
        f"model_zoo.load_url: {url} is a pickle, which could run any code; save its state_dict in safetensors with "
        f"PyTorch, once, and load() that"
    )
