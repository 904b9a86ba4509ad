export interface ServeOptions {
  /** 0 … 65535; default 8765. 0: any that is free. */
  port?: number
  /** The address to listen on; default '127.0.0.1': this machine alone can reach it. */
  host?: string
  /**
   * What requests must know, 16 to 256 characters: needed where others can reach the server. Default:
   * none is asked for.
   */
  token?: string
  /** Weights for scores, as in score(). */
  panns?: string
  /** Weights for scores, as in score(). */
  passt?: string
  /** Weights for scores, as in score(). */
  vggish?: string
}
