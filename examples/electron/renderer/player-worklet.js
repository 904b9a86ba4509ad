/** Plays samples in the order in which they come, and silence while none are there. */
class Player extends AudioWorkletProcessor {
  #chunks = []
  #at = 0
  #played = 0

  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (data === 'clear') this.#chunks = []
      else this.#chunks.push(data)
    }
  }

  process(_inputs, [[output]]) {
    for (let i = 0; i < output.length; ) {
      const chunk = this.#chunks[0]
      if (!chunk) break
      const part = chunk.subarray(this.#at, this.#at + output.length - i)
      output.set(part, i)
      i += part.length
      this.#at += part.length
      this.#played += part.length
      if (this.#at < chunk.length) break
      this.#chunks.shift()
      this.#at = 0
      this.port.postMessage(this.#played)
    }
    return true
  }
}

registerProcessor('player', Player)
