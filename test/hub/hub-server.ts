/**
 * A hub on 127.0.0.1: the API's model and tree pages, `resolve` addresses, and a second server, of
 * another origin, that LFS files are redirected to, as the public hub does it.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubRequest {
  method: string
  path: string
  range?: string
  authorization?: string
}

interface Fault {
  /** Destroy the connection after that many bytes of the body, this many times. */
  cutAfter?: number
  times?: number
  /** Flip one byte. */
  corrupt?: boolean
  ignoreRange?: boolean
  status?: number
  /** Send nothing and keep the connection open. */
  hang?: boolean
}

export class HubServer {
  readonly requests: HubRequest[] = []
  /** By path of the file in its repository. */
  readonly faults = new Map<string, Fault>()
  token: string | undefined
  commit = 'a'.repeat(40)
  license: string | undefined = 'cc-by-nc-sa-4.0'
  /** Files per page of the tree. */
  pageSize = 4
  url = ''
  private files = new Map<string, { bytes: Buffer; lfs: boolean }>()
  private extraEntries: object[] = []
  private readonly servers: Server[] = []
  private cdn = ''

  static async start(): Promise<HubServer> {
    const hub = new HubServer()
    hub.cdn = await hub.listen((request, response) => hub.answerBlob(request, response))
    hub.url = await hub.listen((request, response) => hub.answer(request, response))
    return hub
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  add(path: string, content: string | Uint8Array, lfs = false): void {
    this.files.set(path, { bytes: Buffer.from(content), lfs })
  }

  remove(path: string): void {
    this.files.delete(path)
  }

  /** A tree entry as it is, however wrong. */
  addEntry(entry: object): void {
    this.extraEntries.push(entry)
  }

  static etag(content: string | Uint8Array, lfs: boolean): string {
    const bytes = Buffer.from(content)
    if (lfs) return createHash('sha256').update(bytes).digest('hex')
    return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  }

  requestsFor(part: string): HubRequest[] {
    return this.requests.filter((request) => request.path.includes(part))
  }

  private async listen(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<string> {
    const server = createServer(handler)
    this.servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  private record(request: IncomingMessage): URL {
    const url = new URL(request.url ?? '/', 'http://hub')
    const { range, authorization } = request.headers
    this.requests.push({ method: request.method ?? '', path: url.pathname, range, authorization })
    return url
  }

  private answer(request: IncomingMessage, response: ServerResponse) {
    const url = this.record(request)
    if (this.token && request.headers.authorization !== `Bearer ${this.token}`) {
      return this.fail(response, 401, 'RepoNotFound')
    }
    const fault = this.faults.get(url.pathname)
    if (fault?.status) return this.fail(response, fault.status)
    const revision = /^\/api\/models\/acme\/dogs\/revision\/([^/]+)$/.exec(url.pathname)?.[1]
    if (revision !== undefined) {
      if (!['main', 'v1', this.commit].includes(decodeURIComponent(revision))) {
        return this.fail(response, 404, 'RevisionNotFound')
      }
      const cardData = this.license === undefined ? {} : { license: this.license }
      return this.json(response, { _id: '1', id: 'acme/dogs', sha: this.commit, cardData })
    }
    if (url.pathname === `/api/models/acme/dogs/tree/${this.commit}`) {
      return this.tree(response, Number(url.searchParams.get('cursor') ?? 0))
    }
    const prefix = `/acme/dogs/resolve/${this.commit}/`
    if (url.pathname.startsWith(prefix)) {
      const path = decodeURIComponent(url.pathname.slice(prefix.length))
      const file = this.files.get(path)
      if (file?.lfs) {
        response.writeHead(302, { location: `${this.cdn}/${path}` })
        return response.end()
      }
      if (file) return this.send(request, response, path)
      return this.fail(response, 404, 'EntryNotFound')
    }
    this.fail(response, 404, 'RepoNotFound')
  }

  private answerBlob(request: IncomingMessage, response: ServerResponse) {
    const url = this.record(request)
    this.send(request, response, decodeURIComponent(url.pathname.slice(1)))
  }

  private send(request: IncomingMessage, response: ServerResponse, path: string) {
    const fault = this.faults.get(path)
    if (fault?.status) return this.fail(response, fault.status)
    const { bytes, lfs } = this.files.get(path) as { bytes: Buffer; lfs: boolean }
    const etag = `"${HubServer.etag(bytes, lfs)}"`
    const body = Buffer.from(bytes)
    if (fault?.corrupt) body[body.length - 1] ^= 1
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const partial = request.headers.range !== undefined && !fault?.ignoreRange
    const sent = partial ? body.subarray(start) : body
    response.writeHead(partial ? 206 : 200, {
      etag,
      'content-length': sent.length,
      'accept-ranges': 'bytes',
      ...(partial && { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
    })
    if (fault?.hang) return response.write(sent.subarray(0, 1))
    if (fault?.cutAfter !== undefined && (fault.times ?? 1) > 0) {
      fault.times = (fault.times ?? 1) - 1
      response.write(sent.subarray(0, fault.cutAfter), () => {
        setTimeout(() => response.destroy(), 30)
      })
      return
    }
    response.end(sent)
  }

  private tree(response: ServerResponse, cursor: number) {
    const entries: object[] = [{ type: 'directory', path: 'unet', size: 0, oid: 'b'.repeat(40) }]
    for (const [path, { bytes, lfs }] of this.files) {
      const size = bytes.length
      const oid = HubServer.etag(bytes, false)
      const pointer = { oid: HubServer.etag(bytes, true), size, pointerSize: 130 }
      entries.push({ type: 'file', path, size, oid, ...(lfs && { lfs: pointer }) })
    }
    entries.push(...this.extraEntries)
    const next = cursor + this.pageSize
    if (next < entries.length) {
      const address = `${this.url}/api/models/acme/dogs/tree/${this.commit}?cursor=${next}`
      response.setHeader('link', `<${address}>; rel="next"`)
    }
    this.json(response, entries.slice(cursor, next))
  }

  private json(response: ServerResponse, value: unknown) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }

  private fail(response: ServerResponse, status: number, code?: string) {
    response.writeHead(status, code === undefined ? {} : { 'x-error-code': code })
    response.end('no')
  }
}
