"""The files that `save` and `load` (in `utils/serialization.py`) write and read.

replace.py       replacing a file atomically
archive.py       PyTorch's zip archives; and its older files, streams of pickles
pickler.py       the pickle in an archive: writing it
unpickler.py     reading it without running code
names.py         the names that may occur in it, and what each makes
storages.py      the memory that tensors share, as it lies in a file
safe_tensors.py  safetensors files
"""
