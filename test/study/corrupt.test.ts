import { describe, expect, test } from 'vitest'
import { companionsOf, otherClasses } from '../../lib/study/corrupt/companions.js'
import { strengthsOf } from '../../lib/study/corrupt/corruption.js'
import { gaussianNoise } from '../../lib/study/corrupt/gaussian-noise.js'
import { interference } from '../../lib/study/corrupt/interference.js'
import { masking } from '../../lib/study/corrupt/masking.js'
import { moved, permutation } from '../../lib/study/corrupt/permutation.js'
import { corruptions } from '../../lib/study/corrupt/registry.js'
import { loudestPart, rms } from '../../lib/study/corrupt/waveforms.js'
import { Random } from '../../lib/synthesis/parts/random.js'
import { read } from '../docs/markdown.js'

const noise = (name: string, length = 16_000) => {
  const random = new Random(name)
  return Float32Array.from({ length }, () => random.between(-0.3, 0.3))
}
const mel = { data: noise('mel', 64 * 500).map((value) => 10 * value - 5), frames: 500, bands: 64 }
const random = () => new Random('corrupt')
const about = () => ({ sampleRate: 16_000, random: random() })

test.each(
  corruptions,
)('$name changes nothing at strength 0, and more the stronger it is', (each) => {
  const far = (corrupted: Float32Array, from: Float32Array) =>
    rms(corrupted.map((value, i) => value - from[i]))
  const others = Array.from({ length: 10 }, (_, i) => noise(`other ${i}`, 40_000))
  const made = each.strengths.map((strength) =>
    each.domain === 'mel'
      ? each.apply(mel, strength, random())
      : each.apply(noise('own', 40_000), others.slice(0, each.companions), strength, about()),
  )
  if (each.domain === 'mel') expect(made[0]).toEqual(mel.data)
  else if (each.name === 'interference') expect(made[0]).toEqual(noise('own', 40_000))
  const distances = made.map((corrupted) => far(corrupted, made[0]))
  expect(distances[0]).toBe(0)
  for (const [i, distance] of distances.entries()) {
    if (i > 0) expect(distance).toBeGreaterThan(distances[i - 1])
  }
})

test('Gaussian noise has the standard deviation that it says, and is the same for each strength', () => {
  const [once, twice] = [1, 2].map((strength) =>
    gaussianNoise.apply(mel, strength, random()).map((value, i) => value - mel.data[i]),
  )
  expect(rms(once)).toBeCloseTo(1, 1)
  const mean = once.reduce((sum, value) => sum + value, 0) / once.length
  expect(Math.abs(mean)).toBeLessThan(0.02)
  for (let i = 0; i < 100; i++) expect(twice[i]).toBeCloseTo(2 * once[i], 4)
})

test('masking silences the part that it says, and more of it includes less of it', () => {
  const masked = (strength: number) =>
    masking.apply(mel, strength, random()).map((value) => (value < -11.5 ? 1 : 0))
  const [less, more] = [masked(0.1), masked(0.4)]
  expect(less.reduce((a, b) => a + b) / less.length).toBeCloseTo(0.1, 2)
  expect(more.reduce((a, b) => a + b) / more.length).toBeCloseTo(0.4, 1)
  expect(less.every((value, i) => value <= more[i])).toBe(true)
})

describe('interference', () => {
  test('each sound is 10 dB below the clip, whatever its level and length', () => {
    const own = noise('own')
    const others = [noise('a', 5000).map((value) => 100 * value), noise('b', 90_000)]
    for (const strength of [1, 2]) {
      const before = interference.apply(own, others, strength - 1, about())
      const after = interference.apply(own, others, strength, about())
      const added = rms(after.map((value, i) => value - before[i]))
      expect(20 * Math.log10(rms(own) / added)).toBeCloseTo(10, 3)
      expect(after).toHaveLength(own.length)
    }
  })

  test('of silence nothing is heard, and nothing is no number', () => {
    const silence = new Float32Array(1000)
    expect(interference.apply(noise('own', 1000), [silence], 1, about())).toEqual(
      noise('own', 1000),
    )
    expect(interference.apply(silence, [noise('a')], 1, about())).toEqual(silence)
  })
})

describe('order of events', () => {
  test.each([0, 2, 3, 4, 5])('moves exactly %i of five, and loses none', (count) => {
    const list = [0, 1, 2, 3, 4]
    for (let seed = 0; seed < 20; seed++) {
      const result = moved(list, count, new Random(seed))
      expect([...result].sort()).toEqual(list)
      expect(result.filter((value, i) => value !== i)).toHaveLength(count)
    }
  })

  test('has the same events at every strength', () => {
    const sounds = Array.from({ length: 5 }, (_, i) => noise(`${i}`, 50_000))
    const [plain, all] = [0, 5].map((strength) =>
      permutation.apply(sounds[0], sounds.slice(1), strength, about()),
    )
    expect(plain).toHaveLength(5 * 32_000)
    const events = (samples: Float32Array) =>
      [0, 1, 2, 3, 4].map((i) => rms(samples.subarray(32_000 * i, 32_000 * (i + 1))))
    expect(events(all)).not.toEqual(events(plain))
    expect(events(all).sort()).toEqual(events(plain).sort())
    expect(plain.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(0.5)
  })
})

test('the loudest part is found, of a sound of any length', () => {
  const samples = new Float32Array(1000)
  samples.fill(0.5, 600, 700)
  expect(loudestPart(samples, 100)).toEqual(new Float32Array(100).fill(0.5))
  expect(loudestPart(samples.subarray(0, 30), 100)).toEqual(new Float32Array(100))
  expect(loudestPart(Float32Array.of(1, 2), 3)).toEqual(Float32Array.of(1, 2, 0))
})

describe('companions', () => {
  const items = Array.from({ length: 40 }, (_, i) => ({ id: `${i}.wav`, labels: [`c${i % 8}`] }))

  test('are each of another class', () => {
    for (const own of items) {
      const companions = companionsOf(own, items, 5, 0)
      const classes = companions.map(({ labels }) => labels[0])
      expect(new Set([...classes, own.labels[0]]).size).toBe(6)
    }
  })

  test('are the same in any order of the list, and others with another seed', () => {
    const backwards = [...items].reverse()
    expect(companionsOf(items[3], backwards, 5, 0)).toEqual(companionsOf(items[3], items, 5, 0))
    expect(companionsOf(items[3], items, 5, 1)).not.toEqual(companionsOf(items[3], items, 5, 0))
  })

  test('share no label, where a clip has several; without labels each clip is a class', () => {
    const several = [['rain', 'wind'], ['wind'], ['dog'], []].map((labels, i) => ({
      id: `${i}`,
      labels,
    }))
    const ids = (count: number) => companionsOf(several[0], several, count, 0).map(({ id }) => id)
    expect(ids(9).sort()).toEqual(['2', '3'])
    expect(otherClasses(several)).toBe(2)
    expect(otherClasses(items)).toBe(7)
    expect(otherClasses([items[0], items[8]])).toBe(0)
  })
})

test('with fewer classes the greatest strength is what there is', () => {
  expect(strengthsOf(interference, 20)).toEqual([0, 1, 2, 5, 10])
  expect(strengthsOf(interference, 9)).toEqual([0, 1, 2, 5, 9])
  expect(strengthsOf(permutation, 4)).toEqual([0, 2, 3, 4, 5])
  expect(strengthsOf(permutation, 2)).toEqual([0, 2, 3])
  expect(strengthsOf(permutation, 1)).toEqual([0, 2])
  expect(strengthsOf(masking, 0)).toEqual(masking.strengths)
})

test('docs/study-report.md states each formula, scale and strengths', () => {
  const rows = read('docs/study-report.md').split('\n')
  for (const { name, formula, scale, strengths } of corruptions) {
    expect(rows).toContain(`| \`${name}\` | ${formula} | ${scale} | ${strengths.join(', ')} |`)
  }
})
