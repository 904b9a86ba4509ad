import { InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { Job } from '../job.js'
import { Model } from '../model/model.js'
import { parseOptions, show } from '../options.js'
import type { FineTuneEvent, FineTuneResult } from './events.js'
import type { FineTuneOptions } from './options.js'
import { runFineTune } from './run.js'
import { fineTuneSchema } from './schema.js'
import { trainingHtml } from './training-html.js'

export type {
  Evaluation,
  FineTuneEvent,
  FineTuneResult,
  PreparationProgress,
  PreparedData,
  TrainingStep,
} from './events.js'
export type {
  EvaluationOptions,
  FineTuneOptions,
  LoraOptions,
  LoraTarget,
  SampleOptions,
  TrainingCondition,
} from './options.js'

/**
 * Trains the UNet of a model on a data set: noise prediction on uniformly drawn timesteps, with
 * CLAP, autoencoder and vocoder left as they are. `model` is a folder, a hub id that was pulled, a
 * loaded model, which prepares the data then and stays the caller's, or undefined for the model that
 * comes with the package.
 *
 * Checkpoints in `outputDir` are model folders, for loadModel() and diffusers, with the averaged
 * weights. An abort writes one of the step it reached, and `resume: true` goes on from there; so it
 * does after a crash, from the newest one. On the CPU the result is the same to the last bit.
 *
 * Clips that cannot be used are reported by `skipped` events and left out.
 * @throws InvalidOptionError at once or from the job, which also rejects with InvalidModelError,
 * InvalidWeightsError, HubError, AudioError (fewer than two clips can be used), OutputError,
 * TrainingError (the loss is no number, ten steps in a row), NativeLoadError,
 * DeviceUnavailableError, EngineError, AbortError
 */
export function fineTune(
  model: Model | string | undefined,
  options: FineTuneOptions,
): Job<FineTuneEvent, Shown<FineTuneResult>> {
  if (model !== undefined && !(model instanceof Model) && (typeof model !== 'string' || !model)) {
    throw new InvalidOptionError(
      'model',
      `expected a model, a folder or a hub id, got ${show(model)}`,
    )
  }
  if (model instanceof Model && model.info.lora) {
    const hint = 'Give a folder that they are merged in: the checkpoint that adapter/ lies in.'
    throw new InvalidOptionError('model', 'has adapters, which would not be trained on from', hint)
  }
  const { signal, ...parsed } = parseOptions(fineTuneSchema, options)
  return new Job(
    async (control) => withHtml(await runFineTune(model, parsed, control), trainingHtml),
    signal,
  )
}
