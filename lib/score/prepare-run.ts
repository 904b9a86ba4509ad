/** What score and saveStatistics do before the first clip. */

import type { WaveformProtocol } from '../audio/waveform-protocol.js'
import type { BackboneDescription } from '../backbones/backbone.js'
import { describeBackbone } from '../backbones/describe.js'
import { Extractor } from './features/extractor.js'
import type { Session } from './features/session.js'
import { type AudioSet, resolveSet, sortClips } from './inputs/inputs.js'
import { featureProtocol } from './protocol/protocol.js'
import type { GivenBackbones, ParsedFeatureOptions, Role } from './schema.js'
import { hasRows, savedClips } from './statistics/saved-rows.js'
import type { Side } from './statistics/side.js'
import { checkProtocol, openStatisticsFile } from './statistics/statistics-file.js'

export async function openSide(
  option: string,
  set: AudioSet,
  sorted: boolean,
  signal: AbortSignal,
): Promise<Side> {
  const resolved = await resolveSet(option, set, sorted, signal)
  const side: Side = { option, ...resolved, saved: [], withRows: [] }
  for (const path of resolved.statistics) {
    const file = await openStatisticsFile(path)
    if (!hasRows(file)) side.saved.push(file)
    else {
      side.withRows.push(file)
      side.clips.push(...(await savedClips(file)))
    }
  }
  if (side.withRows.length > 0) {
    side.listed = [...side.clips]
    if (sorted) sortClips(side.clips)
  }
  return side
}

/** The extractors of the given backbones, closed with the session, and warnings about them. */
export async function makeExtractors(
  session: Session,
  given: GivenBackbones,
  roles: Iterable<Role>,
  waveform: WaveformProtocol,
  warn: (message: string) => void,
): Promise<Map<Role, Extractor>> {
  const extractors = new Map<Role, Extractor>()
  const { dtype, arithmetic, signal } = session
  for (const role of roles) {
    const spec = given.specs[role]
    if (spec === undefined) continue
    const description = await describeBackbone(spec, { dtype, arithmetic, signal })
    warnAbout(description, warn)
    const protocol = featureProtocol(description, waveform)
    const extractor = new Extractor(session, description, protocol)
    session.extractors.push(extractor)
    extractors.set(role, extractor)
  }
  return extractors
}

function warnAbout(description: BackboneDescription, warn: Warn): void {
  const { randomWeights, weightsPath, name, settings } = description
  if (randomWeights) warn(`${weightsPath} has random weights: numbers of ${name} mean nothing`)
  if (settings.comparable === false) {
    warn(
      `${name} is the small classifier of the package: its numbers cannot be compared with published values`,
    )
  }
}

type Warn = (message: string) => void

/** @throws InvalidOptionError where saved statistics were computed in another way than this run's. */
export function checkSaved(side: Side, extractors: Iterable<Extractor>): void {
  for (const extractor of extractors) {
    for (const file of [...side.saved, ...side.withRows]) {
      checkProtocol(side.option, file, extractor.protocol)
    }
  }
}

export function batchSizeOf(options: ParsedFeatureOptions, session: Session): number {
  return options.batchSize ?? (session.device === 'cpu' ? 1 : 16)
}
