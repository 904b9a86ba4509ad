/** What POST /v1/embed takes and gives. */
import { z } from 'zod'
import { promptText } from '../../generate/plan.js'
import { expecting } from '../../options.js'
import { maxItems } from '../limits.js'
import { modelName } from './model-name.js'
import { sound } from './sound.js'

const form = (what: string) => expecting(`1 to ${maxItems} ${what}`)

export const embedRequest = z
  .strictObject({
    model: modelName,
    text: z
      .array(promptText, form('texts'))
      .min(1, form('texts'))
      .max(maxItems, form('texts'))
      .optional(),
    audio: z
      .array(sound, form('sounds'))
      .min(1, form('sounds'))
      .max(maxItems, form('sounds'))
      .optional(),
  })
  .refine(({ text, audio }) => (text === undefined) !== (audio === undefined), {
    path: ['text'],
    error: 'expected either text or audio',
  })

export const embedAnswer = z.object({
  model: z.string(),
  /** One a text or sound, of length 1. */
  embeddings: z.array(z.array(z.number())),
})
