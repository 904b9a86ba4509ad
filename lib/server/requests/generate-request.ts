/** What POST /v1/generate takes: the options of generate(), with sounds and seeds as JSON has them. */
import { z } from 'zod'
import { mixSchema } from '../../generate/condition.js'
import { generateSchema } from '../../generate/generate.js'
import { initSchema } from '../../generate/init.js'
import { clipSchema, promptText } from '../../generate/plan.js'
import { expecting } from '../../options.js'
import { maxClips } from '../limits.js'
import { modelName } from './model-name.js'
import { seed } from './seed.js'
import { sound } from './sound.js'

const own = {
  seed: seed.optional(),
  audioPrompt: sound.optional(),
  mix: mixSchema(promptText, sound).optional(),
  init: initSchema.extend({ audio: sound }).optional(),
}
const clip = z.strictObject({ ...clipSchema.shape, ...own })
const entry = z.union([promptText, clip], expecting('a text or clip options'))
const list = expecting(`1 to ${maxClips} texts and clip options`)

const { signal, stepLatents, ...shared } = generateSchema.shape

export const generateRequest = z.strictObject({
  model: modelName,
  ...shared,
  ...own,
  prompt: z
    .union(
      [promptText, clip, z.array(entry, list).min(1, list).max(maxClips, list)],
      expecting('a text, clip options or a list of both'),
    )
    .optional(),
})

export type GenerateRequest = z.output<typeof generateRequest>
