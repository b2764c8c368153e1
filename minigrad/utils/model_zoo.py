"""`torch.utils.model_zoo`, whose pickled files are not loaded."""

from typing import Any

__all__ = ["load_url"]


def load_url(url: str, *args: Any, **options: Any) -> Any:
    """Raises NotImplementedError: files of the zoo are pickles."""
    raise NotImplementedError(
        f"model_zoo.load_url: {url} is a pickle, which can run any code; save its state_dict as safetensors with "
        f"PyTorch, and load() that file"
    )
