/** What CLAP hears of a sound. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repeatPad } from '../../lib/audio/clap-waveform.js'
import { prepareWaveform } from '../../lib/audio/prepare-waveform.js'
import { monoRules, resamplerNames, waveformProtocol } from '../../lib/audio/waveform-protocol.js'
import { Session } from '../../lib/score/features/session.js'
import { sound } from '../generate/sounds.js'

let session: Session
beforeAll(() => {
  const options = { device: 'cpu', dtype: 'float32', threads: 2, cacheDir: null } as const
  session = new Session(options, new AbortController().signal, () => {})
})
afterAll(() => session.close())

const samples = 4800

test.each(
  resamplerNames.flatMap((name) => [8000, 44_100, 48_000, 96_000].map((rate) => ({ name, rate }))),
)('$name from $rate Hz: the beginning of a sound is that of the whole', async ({ name, rate }) => {
  for (const mono of monoRules) {
    const needs = { removeMean: false, minSamples: 0, sampleRate: 48_000 }
    const protocol = { ...waveformProtocol(mono, name), ...needs }
    const channels = [sound(0.4, rate).samples, sound(0.4, rate, 5).samples]
    const prepare = async (repeatpad?: number) => {
      const audio = { channels, sampleRate: rate }
      const waveform = await prepareWaveform(session.calculator, audio, { ...protocol, repeatpad })
      const data = waveform.data() as Float32Array
      waveform.dispose()
      return data
    }
    const whole = await prepare()
    expect(whole.length).toBe(0.4 * 48_000)
    expect(Buffer.from((await prepare(samples)).buffer)).toEqual(
      Buffer.from(whole.slice(0, samples).buffer),
    )
    expect((await prepare(60_000)).length).toBe(60_000)
  }
})

test('shorter ones are repeated whole, then zeros follow', () => {
  expect([...repeatPad(Float32Array.of(1, 2, 3), 8)]).toEqual([1, 2, 3, 1, 2, 3, 0, 0])
  expect([...repeatPad(Float32Array.of(1, 2, 3), 3)]).toEqual([1, 2, 3])
  expect([...repeatPad(Float32Array.of(1, 2, 3), 2)]).toEqual([1, 2])
})
