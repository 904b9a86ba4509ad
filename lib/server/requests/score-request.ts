/**
 * What POST /v1/score takes: sounds in the request, and those options of score() that decide a
 * number. Files, folders and weights are the server's own affair.
 */
import { z } from 'zod'
import { promptText } from '../../generate/plan.js'
import { expecting } from '../../options.js'
import { scoreSchema } from '../../score/schema.js'
import { maxItems } from '../limits.js'
import { modelName } from './model-name.js'
import { sound } from './sound.js'

const form = expecting(`1 to ${maxItems} sounds`)
const sounds = z.array(sound, form).min(1, form).max(maxItems, form)

export const scoreRequest = z.strictObject({
  model: modelName,
  generated: sounds,
  reference: sounds.optional(),
  prompts: z.array(promptText, expecting('a text for each generated sound')).optional(),
  ...scoreSchema.pick({
    metrics: true,
    preset: true,
    perClip: true,
    bootstrap: true,
    bootstrapSeed: true,
    backbone: true,
    mono: true,
    resampler: true,
  }).shape,
})
