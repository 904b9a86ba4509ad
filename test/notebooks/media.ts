/** Whether what a notebook shows can be heard and seen. */
/** Seconds of a base64 WAV file of 16 bits. */
export function parseWav(base64: string): number {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 36, 40) !== 'data') {
    throw new Error('not a WAV file')
  }
  const samples = bytes.readUInt32LE(40) / 2
  if (bytes.length !== 44 + 2 * samples) throw new Error('a WAV file of another size than it says')
  return samples / bytes.readUInt32LE(24)
}

export async function coloursOf(base64: string): Promise<number> {
  const { decode } = await import('fast-png')
  const { data, channels } = decode(Buffer.from(base64, 'base64'))
  const colours = new Set<string>()
  for (let i = 0; i < data.length; i += channels) colours.add(data.slice(i, i + channels).join())
  return colours.size
}
