import { waveformProtocol } from '../audio/waveform-protocol.js'
import { InvalidOptionError } from '../errors.js'
import { type Shown, withHtml } from '../files/shown.js'
import { checkWritable } from '../files/write-file.js'
import { Job } from '../job.js'
import { parseOptions } from '../options.js'
import { compare } from './compare.js'
import { Session } from './features/session.js'
import { rolesOf } from './gather.js'
import { checkAudioSet } from './inputs/inputs.js'
import { defaultPairing, pairClips } from './inputs/pairing.js'
import { checkPrompts, pairPrompts, readPrompts } from './inputs/prompts.js'
import type { ScoreOptions } from './options.js'
import { isOptional, planMetrics } from './plan.js'
import { makeExtractors, openSide } from './prepare-run.js'
import { withPreset } from './presets.js'
import { scoreHtml } from './report/result-html.js'
import type { ScoreEvent, ScoreResult } from './result.js'
import { givenBackbones, orSmallClassifiers, type Role, scoreSchema } from './schema.js'

/**
 * Compares generated sounds with references: FD, FAD, IS, KL and more. The defaults are the protocol
 * of audioldm_eval's CNN14 path: first channel, mean removed, torchaudio's default resampling,
 * zero-padded to 32,000 samples; the result states all of it. Order of files and batch size do not
 * change a number. Features are cached by content and protocol, so a job that was stopped goes on
 * where it was when it is started again.
 *
 * Clips that cannot be read are skipped and reported; `skipped` events tell of them at once.
 * @throws InvalidOptionError at once or from the job, which also rejects with InvalidWeightsError,
 * AudioError (no clip of a side can be read), OutputError, NativeLoadError, DeviceUnavailableError,
 * EngineError, AbortError
 */
export function score(options: ScoreOptions): Job<ScoreEvent, Shown<ScoreResult>> {
  const { signal, ...parsed } = parseOptions(scoreSchema, withPreset(options))
  const generatedSet = checkAudioSet('generated', parsed.generated)
  const referenceSet =
    parsed.reference === undefined ? undefined : checkAudioSet('reference', parsed.reference)
  const { saveStatistics } = parsed
  if (saveStatistics !== undefined && referenceSet === undefined) {
    throw new InvalidOptionError('saveStatistics', 'saves those of the reference: give one')
  }
  const given = orSmallClassifiers(givenBackbones(parsed, parsed.metrics), parsed.preset)
  const givenPrompts = parsed.prompts === undefined ? undefined : checkPrompts(parsed.prompts)

  return new Job(async (job) => {
    const warnings: string[] = []
    const control: typeof job = {
      ...job,
      emit: (event) => {
        if (event.type === 'warning') warnings.push(event.message)
        job.emit(event)
      },
    }
    const warn = (message: string) => control.emit({ type: 'warning', message })
    for (const path of [saveStatistics, parsed.html]) {
      if (path !== undefined) await checkWritable(path)
    }
    const sorted = parsed.pairing !== 'order'
    const generated = await openSide('generated', generatedSet, sorted, control.signal)
    const reference =
      referenceSet === undefined
        ? undefined
        : await openSide('reference', referenceSet, sorted, control.signal)
    const references = reference?.clips ?? []
    const mode = parsed.pairing ?? defaultPairing(generated.clips, references)
    const pairing = pairClips(generated.clips, references, mode)
    const entries = givenPrompts === undefined ? undefined : await readPrompts(givenPrompts)
    const prompts = entries && pairPrompts(generated, entries)
    // Of saved statistics a page has the numbers alone.
    const html = parsed.html !== undefined && generated.saved.length === 0
    const perClip = parsed.perClip || html
    const inputs = {
      ...{ given, generated, reference, pairing, prompts },
      ...{ perClip, map: html, intervals: parsed.bootstrap > 0 },
    }
    const plan = planMetrics(parsed.metrics, inputs, isOptional(parsed))
    plan.warnings.forEach(warn)
    if (saveStatistics !== undefined) {
      for (const role of Object.keys(given.specs)) {
        plan.needs.reference.statistics.add(role as Role)
      }
    }

    const session = new Session(parsed, control.signal, warn)
    try {
      const waveform = waveformProtocol(parsed.mono, parsed.resampler)
      const roles = new Set([...rolesOf(plan.needs.generated), ...rolesOf(plan.needs.reference)])
      const extractors = await makeExtractors(session, given, roles, waveform, warn)
      const result = await compare({
        ...{ options: parsed, given, generated, reference, pairing, prompts, plan, perClip },
        ...{ waveform, session, extractors, control, warnings },
      })
      return withHtml(result, scoreHtml)
    } finally {
      await session.close()
    }
  }, signal)
}
