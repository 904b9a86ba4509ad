/** Plays a clip while it is still being made: pieces are put one behind the other. */
export class LivePlayer {
  #context: AudioContext | undefined
  #next = 0
  #pending = 0
  #onPlaying = () => {}

  get playing(): boolean {
    return this.#pending > 0
  }

  /** To be called by a click or a key: browsers let no page sound without one. */
  begin(sampleRate: number, onPlaying: () => void): void {
    this.stop()
    this.#context = new AudioContext({ sampleRate })
    this.#onPlaying = onPlaying
    this.#next = 0
  }

  play(samples: Float32Array<ArrayBuffer>, sampleRate: number): void {
    const context = this.#context
    if (!context) return
    const buffer = context.createBuffer(1, samples.length, sampleRate)
    buffer.copyToChannel(samples, 0)
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(context.destination)
    // A little ahead, so that nothing is cut where the next piece comes just in time.
    this.#next = Math.max(this.#next, context.currentTime + 0.05)
    source.start(this.#next)
    this.#next += buffer.duration
    if (this.#pending++ === 0) this.#onPlaying()
    source.onended = () => {
      // Of a clip that was stopped nothing counts any more.
      if (context !== this.#context) return
      this.#pending--
      if (this.#pending === 0) this.#onPlaying()
    }
  }

  stop(): void {
    this.#context?.close()
    this.#context = undefined
    this.#pending = 0
    this.#onPlaying()
  }
}
