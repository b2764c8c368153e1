"""The checker on minigrad's own operations."""

from dataclasses import replace

from minigrad.gradcheck.__main__ import main
from minigrad.testing.op_coverage import cases, check_registry, check_sample, missing
from minigrad.testing.opinfo import op_db


def test_every_operation_is_proven_by_the_checker():
    verdicts = check_registry([case for case in cases() if case[2] == 1 or case[1] == 0])  # 2nd order: one sample
    assert missing(verdicts) == []
    assert {v.name for v in verdicts} == {op.name for op in op_db.values() if op.order}


def test_a_sample_in_full_mode_and_what_is_missing(monkeypatch, capsys):
    op = op_db["exp"]
    assert check_sample(op, op.samples[0], fast=False).outcome == "pass"
    wrong = replace(op, call=lambda x: x.exp().detach() * x)
    verdict = check_sample(wrong, op.samples[0])
    assert verdict.outcome == "fail"
    assert missing([verdict])[0].startswith("exp(3x4), order 1: gradcheck: fail")
    empty = check_sample(op, op.samples[2])
    assert empty.outcome == "vacuous" and missing([empty]) == ["exp: none of its samples has a gradient to check"]
    assert main(["--registry", "--only", "cosh", "--processes", "1"]) == 0
    assert "2 operations on 6 samples and orders in" in capsys.readouterr().out
