export interface DecodedAudio {
  /** One array per channel, full scale ±1. */
  channels: Float32Array[]
  /** Hz */
  sampleRate: number
}
