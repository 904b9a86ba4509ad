"""Prints what schedulers make of their configurations. stdin: [{"class", "config"}, ...]."""

import json
import sys

import diffusers

results = []
for case in json.load(sys.stdin):
    scheduler = getattr(diffusers, case["class"]).from_config(case["config"])
    results.append(
        {
            "alphas_cumprod": scheduler.alphas_cumprod.double().tolist(),
            "config": {key: value for key, value in scheduler.config.items()},
        }
    )
json.dump(results, sys.stdout)
