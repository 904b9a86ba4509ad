/**
 * Who may ask. A page of another site can make a browser send requests here, and a name that it
 * controls can be made to lead here (DNS rebinding): Host and Origin tell. The token tells people.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { RequestError } from '../errors.js'

/** Whether only this machine can reach what listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * Names that lead here: on loopback those of loopback, else any address (nobody can make one lead
 * elsewhere), the machine's own name and the name that was listened on.
 * @throws RequestError
 */
export function checkHost(headers: IncomingHttpHeaders, listening: string): void {
  const name = hostName(headers.host)
  if (name !== undefined) {
    if (isLoopback(name)) return
    const own = hostname().toLowerCase()
    if (!isLoopback(listening) && isIP(name) !== 0) return
    if (!isLoopback(listening) && [own, `${own}.local`, listening.toLowerCase()].includes(name)) {
      return
    }
  }
  throw new RequestError('FORBIDDEN', 'the Host header names another server than this one')
}

/** Lower case, without the port and the brackets of IPv6. */
function hostName(host: string | undefined): string | undefined {
  const parts = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host ?? '')
  return (parts?.[1] ?? parts?.[2])?.toLowerCase()
}

/** Browsers name the site of the page that asks: it has to be this server's. @throws RequestError */
export function checkOrigin({ origin, host }: IncomingHttpHeaders): void {
  if (origin === undefined) return
  const same = [`http://${host}`, `https://${host}`]
  if (same.some((one) => one.toLowerCase() === origin.toLowerCase())) return
  throw new RequestError('FORBIDDEN', 'the request comes from the page of another site')
}

/** @throws RequestError */
export function checkToken({ authorization = '' }: IncomingHttpHeaders, token: string): void {
  const given = /^Bearer +(.*)$/i.exec(authorization)?.[1]
  // Hashes have one length, and take one time to compare.
  if (given !== undefined && timingSafeEqual(sha256(given), sha256(token))) return
  const what = given === undefined ? 'the request has no token' : 'the token is another one'
  throw new RequestError('UNAUTHORIZED', what, 'Send the header Authorization: Bearer TOKEN.')
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
