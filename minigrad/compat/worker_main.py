"""The script that `python -m minigrad.compat` runs, once more: processes that it starts import their main module by
this name, and find `torch` to be minigrad there too."""

import os
import runpy

from minigrad import compat

if __name__ == "__mp_main__":
    compat.install()
    globals().update(runpy.run_path(os.environ[compat.SCRIPT], run_name=__name__))
