import { describe, expect, it } from 'vitest'
import { planScheduler } from '../../lib/architectures/scheduler.js'
import { askPython } from '../python/run.js'
import { type Config, publishedScheduler } from './configs.js'

const unclipped = { clip_sample: false }
const cases: { class: string; config: Config }[] = [
  { class: 'DDIMScheduler', config: publishedScheduler },
  { class: 'DDIMScheduler', config: unclipped },
  ...['linear', 'scaled_linear', 'squaredcos_cap_v2'].flatMap((beta_schedule) =>
    [1, 2, 7, 100, 1000, 1357].map((num_train_timesteps) => ({
      class: 'DDIMScheduler',
      config: { ...unclipped, beta_schedule, num_train_timesteps, timestep_spacing: 'trailing' },
    })),
  ),
  {
    class: 'DDIMScheduler',
    config: { ...unclipped, num_train_timesteps: 3, trained_betas: [0.001, 0.02, 0.3] },
  },
  { class: 'DDIMScheduler', config: { ...publishedScheduler, beta_start: 1e-5, beta_end: 0.05 } },
  { class: 'PNDMScheduler', config: {} },
  { class: 'DPMSolverMultistepScheduler', config: {} },
  { class: 'EulerDiscreteScheduler', config: { beta_schedule: 'scaled_linear' } },
  { class: 'EulerAncestralDiscreteScheduler', config: {} },
]

describe('planScheduler', () => {
  const expected = askPython<{ alphas_cumprod: number[]; config: Config }[]>(
    'architectures/python/schedules.py',
    cases,
  )

  it.each(cases.map((c, i) => ({ ...c, i })))('gives the bits of diffusers for $class $config', ({
    class: className,
    config,
    i,
  }) => {
    const plan = planScheduler(config, 'scheduler_config.json', className)
    expect([...plan.alphasCumprod]).toEqual(expected[i].alphas_cumprod)
    const theirs = expected[i].config
    expect(plan.timestepSpacing).toBe(config.timestep_spacing)
    expect(plan.stepsOffset).toBe(theirs.steps_offset)
    expect(plan.setAlphaToOne).toBe(theirs.set_alpha_to_one ?? false)
    expect(plan.trainTimesteps).toBe(theirs.num_train_timesteps)
  })
})
