/** What a server takes before it refuses. Stated in docs/server.md. */
export interface Limits {
  /** Sockets open at once; more are closed as they come. */
  connections: number
  /** Requests that wait for a model while another one has it. */
  waiting: number
  /** Of one request. */
  bodyBytes: number
  /** Of all requests that are being received or wait. */
  allBodyBytes: number
  /** From the connection to the end of a request's headers. */
  headersMs: number
  /** From the connection to the end of a request's body. */
  requestMs: number
  /** In which a client must take some of its answer. */
  stalledMs: number
  /** After which an answer that has nothing to tell gives a sign of life. */
  heartbeatMs: number
}

export const defaultLimits: Limits = {
  connections: 256,
  waiting: 32,
  bodyBytes: 64 * 2 ** 20,
  allBodyBytes: 256 * 2 ** 20,
  headersMs: 10_000,
  requestMs: 60_000,
  stalledMs: 30_000,
  heartbeatMs: 10_000,
}

/** Clips that one request may ask for. */
export const maxClips = 64
/** Texts or sounds in one request, of each kind. */
export const maxItems = 256
