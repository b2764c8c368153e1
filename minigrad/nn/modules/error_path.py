"""The path to a layer, in the text of the errors that it raises."""

from typing import TYPE_CHECKING

from minigrad.errors import DeviceError, DtypeError, ShapeError

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module

LAYER_ERRORS = (ShapeError, DtypeError, DeviceError)


def add_path(error: Exception, module: "Module") -> None:
    """Add to the error's text the path to the layer it comes from: every module it passes through adds its part."""
    found = error.__dict__
    if "text" not in found:
        found.update(text=str(error), module=module, path="")
        return
    name = next((name for name, m in module.named_modules() if m is found["module"] and name), "")
    found.update(module=module, path=f"{name}.{found['path']}".strip("."))
    if found["path"]:
        error.args = (f"{found['text']} (in layer {found['path']} of {type(module).__name__})",)
