import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { splitClips } from '../../lib/datasets/split.js'
import { refusal } from './fixture.js'

interface Clip {
  id: string
  labels: string[]
}

/** As many of each label as `sizes` says, mixed. */
function makeClips(sizes: number[]): Clip[] {
  const clips: Clip[] = []
  for (let i = 0; i < Math.max(...sizes); i++) {
    sizes.forEach((size, label) => {
      if (i < size) clips.push({ id: `${label}-${i}.wav`, labels: [`label ${label}`] })
    })
  }
  return clips
}

const ids = (clips: Clip[]) => clips.map((clip) => clip.id)
const clips = makeClips([40, 40, 40, 40, 40])

describe('splitClips', () => {
  test('the clips whose hash of seed and id comes first, in their own order', () => {
    const hash = (seed: string, id: string) =>
      createHash('sha256').update(`${seed}\n${id}`).digest('hex')
    for (const seed of [0, 7, 2n ** 64n - 1n]) {
      const ranked = ids(clips).sort((a, b) =>
        hash(String(seed), a) < hash(String(seed), b) ? -1 : 1,
      )
      const { first } = splitClips(clips, { count: 31, seed })
      expect(new Set(ids(first))).toEqual(new Set(ranked.slice(0, 31)))
      expect(ids(first)).toEqual(ids(clips).filter((id) => ids(first).includes(id)))
    }
  })

  test('these clips, on every machine', () => {
    // As `printf '0\n0.wav' | sha256sum` and its like rank them.
    const ten = Array.from({ length: 10 }, (_, i) => ({ id: `${i}.wav`, labels: [] }))
    expect(ids(splitClips(ten, { count: 3, seed: 0 }).first)).toEqual(['0.wav', '1.wav', '8.wav'])
    expect(ids(splitClips(ten, { count: 3, seed: 1 }).first)).toEqual(['2.wav', '4.wav', '8.wav'])
  })

  test('both parts are all clips, each once, whatever the numbers', () => {
    for (let seed = 0; seed < 60; seed++) {
      const sizes = Array.from({ length: 1 + (seed % 7) }, (_, i) => 1 + ((seed * 7 + i * 13) % 29))
      const some = makeClips(sizes)
      const count = (seed * 31) % (some.length + 1)
      for (const by of [undefined, 'label'] as const) {
        const { first, rest } = splitClips(some, { count, seed, by })
        expect(first).toHaveLength(count)
        expect(ids([...first, ...rest]).sort()).toEqual(ids(some).sort())
      }
    }
  })

  test('the order of the list does not matter, and another seed takes other clips', () => {
    const options = { fraction: 0.2, seed: 3 }
    const { first } = splitClips(clips, options)
    expect(first).toHaveLength(40)
    const turned = splitClips([...clips].reverse(), options).first
    expect(ids(turned).sort()).toEqual(ids(first).sort())
    expect(ids(splitClips(clips, { ...options, seed: 4 }).first)).not.toEqual(ids(first))
    expect(ids(splitClips(clips, { fraction: 0.2 }).first)).toEqual(
      ids(splitClips(clips, { fraction: 0.2, seed: 0n }).first),
    )
  })

  test('clips that are not there do not change which others are taken', () => {
    const { first } = splitClips(clips, { count: 50, seed: 1 })
    const lost = new Set(ids(first).slice(0, 5))
    const there = clips.filter((clip) => !lost.has(clip.id))
    const again = splitClips(there, { count: 50, seed: 1 }).first
    expect(ids(again)).toEqual(expect.arrayContaining(ids(first).filter((id) => !lost.has(id))))
  })

  test('by label every label has its part, to a clip', () => {
    const sizes = [40, 13, 1, 7, 100]
    const some = makeClips(sizes)
    for (let count = 0; count <= some.length; count += 7) {
      const { first } = splitClips(some, { count, seed: count, by: 'label' })
      sizes.forEach((size, label) => {
        const taken = first.filter((clip) => clip.labels[0] === `label ${label}`).length
        expect(Math.abs(taken - (size * count) / some.length)).toBeLessThan(1)
      })
    }
    const even = splitClips(clips, { count: 100, seed: 9, by: 'label' }).first
    for (let label = 0; label < 5; label++) {
      expect(even.filter((clip) => clip.labels[0] === `label ${label}`)).toHaveLength(20)
    }
  })

  test('draws are even: every clip is taken about as often as any other', () => {
    const taken = new Map<string, number>()
    const rounds = 400
    for (let seed = 0; seed < rounds; seed++) {
      for (const { id } of splitClips(clips, { count: 50, seed }).first) {
        taken.set(id, (taken.get(id) ?? 0) + 1)
      }
    }
    // 400 draws of probability 1/4: 100 ± 8.7; beyond 5 deviations once in a million.
    for (const { id } of clips) expect(Math.abs((taken.get(id) ?? 0) - 100)).toBeLessThan(44)
  })

  test('the ends of the ranges', () => {
    expect(splitClips(clips, { count: 0 }).first).toEqual([])
    expect(splitClips(clips, { fraction: 1 })).toEqual({ first: clips, rest: [] })
    expect(splitClips([], { fraction: 0.5 })).toEqual({ first: [], rest: [] })
    expect(splitClips(clips.slice(0, 1), { fraction: 0.1, by: 'label' }).first).toEqual([])
  })

  test('what is refused', async () => {
    const message = (options: object) => refusal(() => splitClips(clips, options))
    expect(await message({ count: 201 })).toMatch(/^count: is 201, but there are only 200 clips/)
    expect(await message({})).toMatch(/^count: give either/)
    expect(await message({ count: 1, fraction: 0.1 })).toMatch(/^count: give either/)
    expect(await message({ fraction: 1.5 })).toMatch(/^fraction: expected a number from 0 to 1/)
    expect(await message({ count: 1, seed: -1 })).toMatch(/^seed: /)
    expect(await message({ count: 1, by: 'fold' })).toMatch(/^by: expected 'label'/)
  })
})
