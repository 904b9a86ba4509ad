/** What one run of score works on. */

import type { WaveformProtocol } from '../audio/waveform-protocol.js'
import type { JobControl } from '../job.js'
import type { Extractor } from './features/extractor.js'
import type { Session } from './features/session.js'
import type { Pairing } from './inputs/pairing.js'
import type { PairedPrompts } from './inputs/prompts.js'
import type { Plan } from './plan.js'
import type { ScoreEvent } from './result.js'
import type { GivenBackbones, ParsedScoreOptions, Role } from './schema.js'
import type { Side, SideFeatures } from './statistics/side.js'

export interface Comparison {
  options: ParsedScoreOptions
  given: GivenBackbones
  generated: Side
  reference?: Side
  pairing: Pairing
  prompts?: PairedPrompts
  plan: Plan
  /** Whether single clips are scored. */
  perClip: boolean
  waveform: WaveformProtocol
  session: Session
  extractors: Map<Role, Extractor>
  control: JobControl<ScoreEvent>
  /** All that were emitted so far. */
  warnings: readonly string[]
}

export interface GatheredSides {
  generated: SideFeatures
  reference?: SideFeatures
}
