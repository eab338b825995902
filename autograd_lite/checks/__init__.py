"""Checks that diagnose: gradcheck, taylor_test, detect_anomaly, check_primitive; exercises; strategies for hypothesis."""

from __future__ import annotations

from autograd_lite.checks.anomaly import AnomalyError, detect_anomaly
from autograd_lite.checks.answers import answer_key, check_answer
from autograd_lite.checks.gradcheck import GradcheckError, GradcheckReport, gradcheck, gradgradcheck
from autograd_lite.checks.rows import PrimitiveError, check_primitive
from autograd_lite.checks.taylor import TaylorReport, taylor_test

__all__ = [
    "AnomalyError",
    "GradcheckError",
    "GradcheckReport",
    "PrimitiveError",
    "TaylorReport",
    "answer_key",
    "check_answer",
    "check_primitive",
    "detect_anomaly",
    "gradcheck",
    "gradgradcheck",
    "taylor_test",
]
