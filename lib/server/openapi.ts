/** The OpenAPI document, made from the schemas that requests are checked by. */
import { z } from 'zod'
import { packageVersion } from '../files/paths.js'
import { embedAnswer, embedRequest } from './requests/embed-request.js'
import { generateRequest } from './requests/generate-request.js'
import { scoreRequest } from './requests/score-request.js'
import { healthAnswer } from './routes/health.js'
import { modelsAnswer } from './routes/models.js'

const errorAnswer = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
})

export function openApi(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'audioldm serve',
      version: packageVersion(),
      description: 'Sound from text and from other sound. docs/server.md says more of every route.',
    },
    paths: {
      '/v1/generate': {
        post: {
          summary: 'Generate sound: one clip as WAV, or clips as server-sent events.',
          requestBody: jsonBody(generateRequest),
          responses: {
            200: {
              description:
                'The clip; or, where text/event-stream is accepted, the events queued, step, audio, clip, warning, done and error.',
              headers: {
                'Audioldm-Seed': { description: 'Of the clip.', schema: { type: 'string' } },
              },
              content: {
                'audio/wav': { schema: { type: 'string', format: 'binary' } },
                'text/event-stream': { schema: { type: 'string' } },
              },
            },
            default: failure,
          },
          security,
        },
      },
      '/v1/embed': {
        post: {
          summary: 'CLAP embeddings of texts or sounds.',
          requestBody: jsonBody(embedRequest),
          responses: { 200: answer(embedAnswer), default: failure },
          security,
        },
      },
      '/v1/score': {
        post: {
          summary: 'Scores of sounds, by reference sounds or prompts.',
          requestBody: jsonBody(scoreRequest),
          responses: {
            200: answer(z.looseObject({ metrics: z.looseObject({}) })),
            default: failure,
          },
          security,
        },
      },
      '/v1/models': {
        get: {
          summary: 'The models that requests may name.',
          responses: { 200: answer(modelsAnswer), default: failure },
          security,
        },
      },
      '/healthz': {
        get: {
          summary: 'That the server answers, and how busy it is.',
          responses: { 200: answer(healthAnswer), default: failure },
        },
      },
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

/** Without a token where the server was started without one. */
const security = [{}, { token: [] }]

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function jsonBody(schema: z.ZodType): object {
  return {
    required: true,
    content: { 'application/json': { schema: schemaOf(schema, 'input') } },
  }
}

function answer(schema: z.ZodType, description = 'Done.'): object {
  return { description, content: { 'application/json': { schema: schemaOf(schema, 'output') } } }
}

const failure = answer(errorAnswer, 'What was wrong, and what to do.')
