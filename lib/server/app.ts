/** The routes, and what stands before all of them. */
import { Hono } from 'hono'
import { RequestError } from '../errors.js'
import { failureOf } from './failure.js'
import { checkHost, checkOrigin, checkToken } from './guard.js'
import { openApi } from './openapi.js'
import { embedRoute } from './routes/embed.js'
import { generateRoute } from './routes/generate.js'
import { healthRoute } from './routes/health.js'
import { modelsRoute } from './routes/models.js'
import { pageRoutes } from './routes/page.js'
import { scoreRoute } from './routes/score.js'
import type { Env, Served } from './served.js'
import { cutStalled } from './stalled.js'

export interface Access {
  /** What is listened on. */
  host: string
  token?: string
}

export function createApp(served: Served, { host, token }: Access): Hono<Env> {
  const app = new Hono<Env>()
  app.use(cutStalled(served.limits.stalledMs))
  app.use(async (c, next) => {
    const { incoming } = c.env
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cross-Origin-Resource-Policy', 'same-origin')
    c.header('Cache-Control', 'no-store')
    checkHost(incoming.headers, host)
    checkOrigin(incoming.headers)
    if (token !== undefined && c.req.path.startsWith('/v1/')) checkToken(incoming.headers, token)
    await next()
  })

  app.post('/v1/generate', (c) => generateRoute(c, served))
  app.post('/v1/embed', (c) => embedRoute(c, served))
  app.post('/v1/score', (c) => scoreRoute(c, served))
  app.get('/v1/models', (c) => modelsRoute(c, served))
  app.get('/healthz', (c) => healthRoute(c, served))
  app.get('/openapi.json', (c) => c.json(openApi()))

  for (const [path, route] of pageRoutes()) app.get(path, route)

  const paths = new Set(app.routes.map(({ path }) => path).filter((path) => path !== '/*'))
  app.notFound((c) => {
    if (!paths.has(c.req.path)) throw new RequestError('NOT_FOUND', 'there is nothing here')
    throw new RequestError('METHOD_NOT_ALLOWED', `${c.req.path} does not answer ${c.req.method}`)
  })
  app.onError((error, c) => {
    const { status, headers, body } = failureOf(error)
    return c.json(body, status as 500, headers)
  })
  return app
}
