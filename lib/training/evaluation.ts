/** How the sounds of a checkpoint are scored. */
import { describeBackbone } from '../backbones/describe.js'
import { InvalidOptionError } from '../errors.js'
import type { ModelFolder } from '../hub/model-folder.js'
import { parseOptions } from '../options.js'
import type { ScoreOptions } from '../score/options.js'
import { planMetrics, reasonOf } from '../score/plan.js'
import { givenBackbones, orSmallClassifiers, scoreSchema } from '../score/schema.js'
import type { FineTuneSettings } from './schema.js'

/** Whether sounds are generated and scored at all. */
export function isScored({ evaluation }: FineTuneSettings): boolean {
  const { metrics, panns, passt, vggish, embedding, backbone } = evaluation
  return Boolean(metrics || panns || passt || vggish || embedding || backbone === 'clap')
}

/** The folder, if it has both towers of CLAP. */
export function clapOf({ parts, path }: ModelFolder): string | undefined {
  return parts.audio_encoder && path
}

/** Metrics and networks, for score(). `clap`: a folder with both towers, if there is one. */
export function networkOptions(
  { evaluation, libtorchPath }: FineTuneSettings,
  clap: string | undefined,
): Pick<
  ScoreOptions,
  'metrics' | 'panns' | 'passt' | 'backbone' | 'vggish' | 'embedding' | 'clap' | 'libtorchPath'
> {
  const { metrics, panns, passt, backbone, vggish, embedding } = evaluation
  const heard = backbone === 'clap' || metrics?.includes('clap')
  return {
    ...{ metrics, panns, passt, backbone, vggish, embedding, libtorchPath },
    ...(heard && clap !== undefined && { clap }),
  }
}

/**
 * What the first evaluation would find wrong after hours.
 * @throws InvalidOptionError, InvalidWeightsError
 */
export async function checkNetworks(
  settings: FineTuneSettings,
  folder: ModelFolder,
  hasPrompts: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (!isScored(settings)) return
  const networks = networkOptions(settings, clapOf(folder))
  try {
    const parsed = parseOptions(scoreSchema, { ...networks, generated: [], reference: [] })
    const given = orSmallClassifiers(givenBackbones(parsed, parsed.metrics))
    const clip = { name: undefined, path: '', hash: unread, read: unread }
    const clips = new Array(settings.evaluation.clips).fill(clip)
    const none = { statistics: [], skipped: [], saved: [], withRows: [] }
    const side = { option: 'clips', clips, listed: clips, ...none }
    planMetrics(parsed.metrics, {
      given,
      generated: side,
      reference: side,
      pairing: { mode: 'order', pairs: [] },
      ...(hasPrompts && { prompts: { texts: new Map([[0, '']]), skipped: [], unused: [] } }),
      perClip: false,
    })
    for (const spec of Object.values(given.specs)) {
      if (spec) await describeBackbone(spec, { signal })
    }
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error
    const option = error.option === 'prompts' ? 'metrics' : error.option
    throw new InvalidOptionError(`evaluation.${option}`, reasonOf(error), error.hint)
  }
}

async function unread(): Promise<never> {
  throw new TypeError('only the number of clips is looked at')
}
