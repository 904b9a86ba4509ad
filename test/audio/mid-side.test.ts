/** Two channels from two takes: what is promised of them, on sounds made for it. */
import { expect, test } from 'vitest'
import { twoChannels } from '../../lib/audio/mid-side.js'

const sampleRate = 16000
const tone = (hertz: number, peak = 0.5) =>
  Float32Array.from(
    { length: sampleRate },
    (_, i) => peak * Math.sin((2 * Math.PI * hertz * i) / sampleRate),
  )
/** xorshift: the same at every run. */
function noise(seed: number, peak = 0.5): Float32Array {
  let state = seed
  return Float32Array.from({ length: sampleRate }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (peak * state) / 2 ** 31
  })
}
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0)
const sum = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + b[i])
const sideOf = ([left, right]: Float32Array[]) => left.map((value, i) => (value - right[i]) / 2)
const linear = { sampleRate, round: false }

test('equally loud, with a correlation of 0.6, whatever the takes share', () => {
  for (const shared of [0, 0.5, 2]) {
    const middle = noise(1)
    const take = noise(2).map((value, i) => value + shared * middle[i])
    const { channels } = twoChannels(middle, take, linear)
    const [left, right] = channels
    expect(dot(left, left) / dot(right, right)).toBeCloseTo(1, 5)
    const correlation = dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right))
    expect(correlation).toBeGreaterThanOrEqual(0.6)
    expect(correlation).toBeLessThan(0.63)
  }
})

test('bass stays in the middle', () => {
  const middle = sum(tone(1000, 0.4), tone(40, 0.3))
  const take = sum(tone(1300, 0.4), tone(50, 0.4))
  const side = sideOf(twoChannels(middle, take, linear).channels)
  const amplitude = (hertz: number) => (2 * Math.abs(dot(side, tone(hertz, 1)))) / sampleRate
  expect(amplitude(1300)).toBeCloseTo(0.19, 2)
  expect(amplitude(50)).toBeLessThan(0.02)
})

test('what passes full scale makes all of it quieter', () => {
  const middle = tone(500, 0.95)
  const { channels, gain } = twoChannels(middle, noise(3), linear)
  const peak = Math.max(...channels.map((samples) => Math.max(...samples.map(Math.abs))))
  expect(gain).toBeLessThan(0.9)
  expect(peak).toBeCloseTo(1, 6)
  const [left, right] = channels
  const errors = middle.map((value, i) => Math.abs((left[i] + right[i]) / 2 - gain * value))
  expect(Math.max(...errors)).toBeLessThan(1e-7)
  expect(twoChannels(tone(500, 0.2), noise(3), linear).gain).toBe(1)
})

test('turned by some samples, a loop is turned and not changed', () => {
  const turned = (samples: Float32Array) =>
    Float32Array.from(samples, (_, i) => samples[(i + 5000) % samples.length])
  const [middle, take] = [noise(4), noise(5)]
  const left = (round: boolean) => {
    const options = { sampleRate, round }
    const [before] = twoChannels(middle, take, options).channels
    const [after] = twoChannels(turned(middle), turned(take), options).channels
    const expected = turned(before)
    return after.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0)
  }
  expect(left(true)).toBeLessThan(1e-6)
  expect(left(false)).toBeGreaterThan(1e-4)
})

test('takes that are the same, or silent, give two equal channels', () => {
  const silence = new Float32Array(sampleRate)
  for (const [middle, take] of [
    [noise(6), noise(6)],
    [noise(6), noise(6).map((value) => -0.3 * value)],
    [noise(6), silence],
    [silence, noise(6)],
    [silence, silence],
  ]) {
    const { channels, gain } = twoChannels(middle, take, linear)
    expect(gain).toBe(1)
    for (const channel of channels) {
      expect(channel.every((value, i) => value === middle[i])).toBe(true)
    }
  }
})
