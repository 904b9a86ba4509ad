/** The page and what it is made of: files of the package, read once. Nothing else is handed out. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'hono'
import { pageDir } from '../../files/paths.js'
import type { Env } from '../served.js'

const types = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'LICENSE.wavesurfer.txt': 'text/plain; charset=utf-8',
}

type Route = (c: Context<Env>) => Response

/** By their paths. */
export function pageRoutes(): [string, Route][] {
  const html = read('index.html')
  const files = Object.entries(types).map(([name, type]): [string, Route] => {
    const text = read(name)
    return [`/${name}`, (c) => c.body(text, 200, { 'Content-Type': type })]
  })
  return [['/', (c) => page(c, html)], ...files]
}

/** Allowed is what the server itself has; sound and pictures that the page makes are blobs. */
function page(c: Context<Env>, html: string): Response {
  const nonce = randomBytes(16).toString('base64')
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self' blob:",
    "img-src 'self' blob: data:",
    'media-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return c.html(html.replace('{{nonce}}', nonce), 200, {
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
  })
}

function read(name: string): string {
  return readFileSync(join(pageDir(), name), 'utf8')
}
