/** GET /v1/models: what a request may name, the first of them being the one it means by none. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { Env, Served } from '../served.js'

export const modelsAnswer = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      /** Hz, of what it generates. */
      sampleRate: z.int(),
      /** Of a clip, where a request gives no duration. */
      durationSeconds: z.number(),
      maxSteps: z.int(),
      /** Whether it takes sounds as prompts, embeds them and ranks candidates. */
      hears: z.boolean(),
      randomWeights: z.boolean(),
      parameters: z.int(),
      device: z.string(),
      dtype: z.string(),
    }),
  ),
})

export function modelsRoute(c: Context<Env>, { models }: Served): Response {
  const answer: z.output<typeof modelsAnswer> = {
    models: models.all().map(([name, { info, folder }]) => ({
      name,
      sampleRate: info.sampleRate,
      durationSeconds: folder.usualSeconds,
      maxSteps: folder.alphasCumprod.length,
      hears: folder.parts.audio_encoder !== undefined,
      randomWeights: info.randomWeights,
      parameters: info.parameters,
      device: info.device,
      dtype: info.dtype,
    })),
  }
  return c.json(answer)
}
