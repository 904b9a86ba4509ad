import type { JobControl } from '../job.js'
import type { Model } from '../model.js'
import type { FineTuneEvent, FineTuneResult } from './events.js'
import type { FineTuneSettings } from './schema.js'

export async function runFineTune(
  _model: Model | string | undefined,
  _settings: FineTuneSettings,
  _control: JobControl<FineTuneEvent>,
): Promise<FineTuneResult> {
  throw new Error('under construction')
}
