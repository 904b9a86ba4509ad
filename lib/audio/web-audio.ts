/** What the Web Audio API is handed; named by its shape, so that no DOM is needed. */

/** What is needed of an `AudioBuffer`. */
export interface AudioBufferLike {
  getChannelData(channel: number): Float32Array
}

/** What is needed of a `BaseAudioContext`: an `AudioContext` and an `OfflineAudioContext` have it. */
export interface AudioContextLike<Buffer extends AudioBufferLike = AudioBufferLike> {
  createBuffer(numberOfChannels: number, length: number, sampleRate: number): Buffer
}

/** An `AudioBuffer` of the context with the samples, at their own rate: the context resamples. */
export function toAudioBuffer<Buffer extends AudioBufferLike>(
  context: AudioContextLike<Buffer>,
  channels: readonly Float32Array[],
  sampleRate: number,
): Buffer {
  const buffer = context.createBuffer(channels.length, channels[0].length, sampleRate)
  for (const [c, samples] of channels.entries()) buffer.getChannelData(c).set(samples)
  return buffer
}
