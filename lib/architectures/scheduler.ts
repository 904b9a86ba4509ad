import { z } from 'zod'
import type { Json } from '../files/json.js'
import type { SchedulerName } from '../native/binding.js'
import { boolean, checkConfig, int, list, number, only, refuse } from './config.js'

export type TimestepSpacing = 'leading' | 'linspace' | 'trailing'

/** What diffusers' `from_config` gives a scheduler when the model's configuration is silent. */
export const defaultSpacing: Record<SchedulerName, TimestepSpacing> = {
  'dpmpp-2m': 'linspace',
  ddim: 'leading',
  euler: 'linspace',
  'euler-a': 'linspace',
}

export interface SchedulerPlan {
  className: string
  trainTimesteps: number
  /** Cumulative product of 1 − β, ᾱ₀ first: float32 values, as diffusers computes them. */
  alphasCumprod: Float64Array
  /** As the file states it. Where it does not, every scheduler uses its own: `defaultSpacing`. */
  timestepSpacing?: TimestepSpacing
  stepsOffset: number
  setAlphaToOne: boolean
}

const beta = number(1e-8, 0.9999)

/** What all schedulers of diffusers read, with their common defaults. */
const common = {
  num_train_timesteps: int(1, 100_000).default(1000),
  beta_start: beta.default(0.0001),
  beta_end: beta.default(0.02),
  beta_schedule: only('linear', 'scaled_linear', 'squaredcos_cap_v2').default('linear'),
  trained_betas: list(beta, 1, 100_000).nullable().default(null),
  steps_offset: int(0, 100_000).default(0),
  prediction_type: only('epsilon').default('epsilon'),
  thresholding: only(false).default(false),
  timestep_spacing: only('leading', 'linspace', 'trailing').optional(),
  rescale_betas_zero_snr: only(false).default(false),
}

/** DDIM clips where clip_sample is absent, so it must be there and false. */
const ddim = z.object({
  ...common,
  clip_sample: only(false),
  set_alpha_to_one: boolean().default(true),
})

const multistep = z.object({
  ...common,
  clip_sample: only(false).default(false),
  set_alpha_to_one: boolean().default(false),
})

type Config = z.output<typeof ddim>

/** The schedule belongs to the model, the sampler to the request: any of these classes will do. */
const schemas = new Map<string, z.ZodType<Config>>([
  ['DDIMScheduler', ddim],
  ['PNDMScheduler', multistep],
  ['DPMSolverMultistepScheduler', multistep],
  ['EulerDiscreteScheduler', multistep],
  ['EulerAncestralDiscreteScheduler', multistep],
])

export const schedulerClasses = [...schemas.keys()]

/** What scheduler/scheduler_config.json asks for. `className` is that of model_index.json. */
export function planScheduler(config: Json, file: string, className: string): SchedulerPlan {
  const schema = schemas.get(className)
  if (!schema) {
    return refuse(file, '_class_name', className, `supported: ${schedulerClasses.join(', ')}`)
  }
  const c = checkConfig(file, schema, config)
  const steps = c.num_train_timesteps
  if (c.trained_betas && c.trained_betas.length !== steps) {
    refuse(
      file,
      'trained_betas',
      c.trained_betas,
      `expected num_train_timesteps (${steps}) entries`,
    )
  }
  if (c.steps_offset >= steps) {
    refuse(
      file,
      'steps_offset',
      c.steps_offset,
      `expected less than num_train_timesteps (${steps})`,
    )
  }
  const alphasCumprod = cumulativeAlphas(makeBetas(c))
  if (!(alphasCumprod[steps - 1] > 0)) {
    refuse(file, 'beta_end', c.beta_end, 'no signal is left at the last timestep')
  }
  return {
    className,
    trainTimesteps: steps,
    alphasCumprod,
    ...(c.timestep_spacing && { timestepSpacing: c.timestep_spacing }),
    stepsOffset: c.steps_offset,
    setAlphaToOne: c.set_alpha_to_one,
  }
}

/** diffusers builds betas in float32; every rounding below is one that PyTorch makes. */
function makeBetas(c: Config): Float32Array {
  const steps = c.num_train_timesteps
  if (c.trained_betas) return Float32Array.from(c.trained_betas)
  if (c.beta_schedule === 'linear') return linspace(c.beta_start, c.beta_end, steps)
  if (c.beta_schedule === 'scaled_linear') {
    return linspace(c.beta_start ** 0.5, c.beta_end ** 0.5, steps).map((root) => root * root)
  }
  const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2
  return Float32Array.from({ length: steps }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / steps) / alphaBar(i / steps), 0.999),
  )
}

/** torch.linspace in float32: from both ends towards the middle, multiply and add rounded once. */
function linspace(from: number, to: number, steps: number): Float32Array {
  const start = Math.fround(from)
  if (steps === 1) return Float32Array.of(start)
  const end = Math.fround(to)
  const step = Math.fround(Math.fround(end - start) / (steps - 1))
  return Float32Array.from({ length: steps }, (_, i) =>
    i < Math.floor(steps / 2) ? start + step * i : end - step * (steps - i - 1),
  )
}

/** torch.cumprod of float32: accumulates in double, rounds what it stores. */
function cumulativeAlphas(betas: Float32Array): Float64Array {
  let product = 1
  return Float64Array.from(betas, (b) => {
    product *= Math.fround(1 - b)
    return Math.fround(product)
  })
}
