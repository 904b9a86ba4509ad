"""Compares the core's metric operations with NumPy, SciPy and 60-digit arithmetic.

python metrics_trace.py path/to/metrics_trace
"""

from __future__ import annotations

import sys

import metrics_classifier
import metrics_frechet
import metrics_kernel
import metrics_resampled
import numpy as np
from metrics_checks import Checks
from metrics_operations import Operations


def main(binary: str) -> int:
    checks = Checks()
    with Operations(binary) as ops, np.errstate(divide='ignore'):
        metrics_frechet.check(ops, checks)
        metrics_classifier.check(ops, checks)
        metrics_kernel.check(ops, checks)
        metrics_resampled.check(ops, checks)
    return checks.report()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
