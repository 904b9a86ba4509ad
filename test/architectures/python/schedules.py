"""Prints what schedulers make of their configurations. stdin: [{"class", "config"}, ...]."""

import json
import sys

import diffusers

FIELDS = ['timestep_spacing', 'steps_offset', 'set_alpha_to_one', 'num_train_timesteps']

results = []
for case in json.load(sys.stdin):
    scheduler = getattr(diffusers, case['class']).from_config(case['config'])
    results.append(
        {
            'alphas_cumprod': scheduler.alphas_cumprod.double().tolist(),
            'config': {field: scheduler.config.get(field) for field in FIELDS},
        }
    )
json.dump(results, sys.stdout)
