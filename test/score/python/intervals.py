"""95 % intervals of means, by NumPy and SciPy.

JSON in on stdin: {"columns": lists of numbers, "replicates", "seed"}. JSON out on stdout: [low,
high] of each column.
"""

import json
import sys

import numpy as np
import scipy.stats

given = json.load(sys.stdin)
intervals = []
for column in given['columns']:
    values = np.array(column)
    random = np.random.RandomState(given['seed'])
    n = len(values)
    means = [values[random.randint(0, n, n)].mean() for _ in range(given['replicates'])]
    stretch = np.sqrt(n / (n - 1)) * scipy.stats.t.ppf(0.975, n - 1) / scipy.stats.norm.ppf(0.975)
    deviations = np.quantile(means, [0.025, 0.975]) - values.mean()
    intervals.append(list(values.mean() + stretch * deviations))
json.dump(intervals, sys.stdout)
