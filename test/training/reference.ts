/** Trains a few steps, has diffusers do the same, and compares. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import type { NativeTensor, NativeTrainingData } from '../../lib/native/binding.js'
import { Trainer } from '../../lib/native/trainer.js'
import { askPython } from '../python/run.js'
import { native, type SpecChange, specOf, take } from './setup.js'

/** What python/reference.py is told; tensors lie in files of `folder`. */
interface Request {
  model: string
  /**
   * latents.f32, noise.f32, condition.f32: of all steps, one after the other. gradients.f32: of step
   * 0, in the order of `trainable`. start, one and end.safetensors: what `save` gave then.
   */
  folder: string
  threads: number
  trainable: string[]
  lora: SpecChange['lora']
  accumulate: number
  latentShape: number[]
  conditionShape: number[]
  timesteps: number[][]
  loss: number
  losses: number[]
  adamw: Pick<
    Required<SpecChange>,
    'learningRate' | 'betas' | 'epsilon' | 'weightDecay' | 'maxGradientNorm' | 'warmupSteps'
  >
  emaDecay: number
}

export interface Worst {
  error: number
  tensor: string
}

export interface Comparison {
  loss: number
  tensors: number
  gradients: Worst
  /** The most by which a tensor of `gradients` is farther from theirs than theirs from float64. */
  beyondRounding: number
  oursToFloat64: Worst
  theirsToFloat64: Worst
  /** From the same gradients. */
  update: Record<'trainable' | 'exp_avg' | 'exp_avg_sq' | 'ema', Worst>
  trajectory: { losses: number[]; error: number; trained: Worst; ema: Worst }
  /** Ours. */
  losses: number[]
}

export async function compareTraining(
  folder: ModelFolder,
  data: NativeTrainingData,
  change: SpecChange,
  steps = 20,
): Promise<Comparison> {
  const work = mkdtempSync(join(tmpdir(), 'audioldm-training-'))
  try {
    const request = await train(folder, data, change, steps, work)
    const errors = askPython<Omit<Comparison, 'losses'>>('training/python/reference.py', request)
    return { ...errors, losses: request.losses }
  } finally {
    rmSync(work, { recursive: true })
  }
}

async function train(
  folder: ModelFolder,
  data: NativeTrainingData,
  change: SpecChange,
  steps: number,
  work: string,
): Promise<Request> {
  const spec = specOf(folder, change)
  const trainer = await Trainer.load(native, spec)
  try {
    const trainable = trainer.trainable.map(({ name }) => name)
    const save = (name: string, kinds: string[]) => {
      const sources = kinds.flatMap((kind) => trainable.map((of) => `${kind}/${of}`))
      const entries = sources.map((source) => ({ name: source, source }))
      return trainer.save(join(work, `${name}.safetensors`), entries)
    }
    await save('start', ['trainable'])
    const inputs = await writeInputs(trainer, data, steps, work)
    const losses: number[] = []
    const trainTo = (until: number) =>
      trainer.train(data, until, (event) => losses.push(event.loss))
    await trainTo(1)
    await save('one', ['trainable', 'ema', 'exp_avg', 'exp_avg_sq'])
    await trainTo(steps)
    await save('end', ['trainable', 'ema'])
    const { lora, accumulate, threads, emaDecay, learningRate, betas, epsilon } = spec
    const { weightDecay, maxGradientNorm, warmupSteps } = spec
    return {
      model: folder.path,
      folder: work,
      threads,
      trainable,
      lora,
      accumulate,
      ...inputs,
      losses,
      adamw: { learningRate, betas, epsilon, weightDecay, maxGradientNorm, warmupSteps },
      emaDecay,
    }
  } finally {
    await trainer.dispose()
  }
}

async function writeInputs(
  trainer: Trainer,
  data: NativeTrainingData,
  steps: number,
  work: string,
): Promise<Pick<Request, 'latentShape' | 'conditionShape' | 'timesteps' | 'loss'>> {
  const timesteps: number[][] = []
  const shapes = { latents: [] as number[], condition: [] as number[] }
  let loss = Number.NaN
  for (let step = 0; step < steps; step++) {
    const inspection = await trainer.inspect(data, { step, gradients: step === 0 })
    shapes.latents = inspection.latents.shape
    shapes.condition = inspection.condition.shape
    for (const kind of ['latents', 'noise', 'condition'] as const) {
      appendFileSync(join(work, `${kind}.f32`), bytesOf(inspection[kind]))
      inspection[kind].dispose()
    }
    timesteps.push(take(inspection.timesteps))
    inspection.items.dispose()
    inspection.kind.dispose()
    if (inspection.loss) loss = take(inspection.loss)[0]
    const file = join(work, 'gradients.f32')
    if (step === 0) writeFileSync(file, '')
    for (const gradient of inspection.gradients) {
      appendFileSync(file, bytesOf(gradient))
      gradient.dispose()
    }
  }
  return { latentShape: shapes.latents, conditionShape: shapes.condition, timesteps, loss }
}

const bytesOf = (tensor: NativeTensor) => new Uint8Array(tensor.data().buffer)
