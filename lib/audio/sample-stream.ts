/** Samples as a web stream. */

/**
 * Chunks of at most `frames` samples of every channel, each a fresh array: of two channels all of the
 * first and then all of the second. Nothing is loaded before it is read for the first time, a chunk
 * is made when one is asked for, and after a cancel nothing is held.
 */
export function sampleStream(
  load: () => Promise<readonly Float32Array[]>,
  frames: number,
): ReadableStream<Float32Array> {
  let channels: readonly Float32Array[] | undefined
  let at = 0
  return new ReadableStream<Float32Array>(
    {
      async pull(controller) {
        channels ??= await load()
        const pieces = channels.map((samples) => samples.subarray(at, at + frames))
        if (pieces[0].length > 0) controller.enqueue(joined(pieces))
        at += frames
        if (at < channels[0].length) return
        controller.close()
        channels = undefined
      },
      cancel() {
        channels = undefined
      },
    },
    { highWaterMark: 0 },
  )
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const chunk = new Float32Array(pieces.length * pieces[0].length)
  for (const [c, piece] of pieces.entries()) chunk.set(piece, c * piece.length)
  return chunk
}
