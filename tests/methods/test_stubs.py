"""The generated types of Tensor are up to date."""

from minigrad.methods.stubs import TARGET, generate


def test_tensor_pyi_is_what_the_generator_writes() -> None:
    assert TARGET.read_text() == generate(), "out of date: run `python -m minigrad.methods.stubs`"
