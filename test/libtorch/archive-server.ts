/** A server of archives on 127.0.0.1, that can do what bad servers and bad networks do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { Zip } from './zip.js'

export interface ArchiveRequest {
  method: string
  path: string
  range?: string
  ifRange?: string
}

interface Faults {
  /** Cuts the connection after so many bytes of the body: one number an answer. */
  cuts?: number[]
  ignoreRange?: boolean
  /** Answers a range with other bytes than those asked for. */
  otherRange?: boolean
  /** Statuses of the next answers. */
  statuses?: number[]
  /** Added to the length that it announces. */
  lengthOff?: number
  noLength?: boolean
  noValidator?: boolean
  weakEtag?: boolean
  /** Sends so many bytes and then nothing. */
  hangAfter?: number
}

export class ArchiveServer {
  readonly requests: ArchiveRequest[] = []
  faults: Faults = {}
  etag = '"one"'
  /** Whether so many bytes are with the client: until then a connection is not cut. */
  arrived: (bytes: number) => boolean = () => true
  url = ''
  private readonly zips = new Map<string, Zip>()
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch(() => response.destroy())
  })

  static async start(): Promise<ArchiveServer> {
    const archives = new ArchiveServer()
    await new Promise<void>((resolve) => archives.server.listen(0, '127.0.0.1', resolve))
    archives.url = `http://127.0.0.1:${(archives.server.address() as AddressInfo).port}`
    return archives
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  /** Its address. */
  add(path: string, zip: Zip): string {
    this.zips.set(`/${path}`, zip)
    return `${this.url}/${path}`
  }

  /** What was asked for, beside sizes. */
  get gets(): ArchiveRequest[] {
    return this.requests.filter(({ method }) => method === 'GET')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    const ifRange = headers['if-range'] as string | undefined
    this.requests.push({ method, path, range: headers.range, ifRange })
    const zip = this.zips.get(path)
    const status = zip ? (this.faults.statuses?.shift() ?? 200) : 404
    if (!zip || status !== 200) return void response.writeHead(status).end()
    const { ignoreRange, otherRange, lengthOff = 0, noLength, noValidator } = this.faults
    const asked = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]
    const same = ifRange === undefined || ifRange === this.etag || ifRange === modified
    const partial = asked !== undefined && !ignoreRange && same
    const start = partial ? Number(asked) : 0
    if (partial && start >= zip.bytes) return void response.writeHead(416).end()
    if (!noLength) response.setHeader('content-length', zip.bytes - start + lengthOff)
    if (!noValidator) {
      response.setHeader('etag', this.faults.weakEtag ? `W/${this.etag}` : this.etag)
      response.setHeader('last-modified', modified)
    }
    if (partial) {
      const from = otherRange ? start - 1 : start
      response.setHeader('content-range', `bytes ${from}-${zip.bytes - 1}/${zip.bytes}`)
    }
    response.writeHead(partial ? 206 : 200)
    if (method === 'HEAD') return void response.end()
    await this.send(zip, start, response)
  }

  private async send(zip: Zip, start: number, response: ServerResponse): Promise<void> {
    const { hangAfter, lengthOff = 0 } = this.faults
    const cut = hangAfter ?? this.faults.cuts?.shift()
    if (cut === undefined && lengthOff <= 0) return await pipeline(zip.read(start), response)
    let sent = 0
    for await (const chunk of zip.read(start)) {
      const piece = chunk.subarray(0, (cut ?? Number.POSITIVE_INFINITY) - sent)
      response.write(piece)
      sent += piece.length
      if (sent === cut) break
    }
    if (hangAfter !== undefined) return
    // What a client has not read when the connection goes, it loses.
    while (!response.destroyed && !this.arrived(start + sent)) await setTimeout(10)
    await setTimeout(10)
    response.destroy()
  }
}

const modified = 'Wed, 21 Oct 2026 07:28:00 GMT'
