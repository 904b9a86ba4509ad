import { expect, test } from 'vitest'
import { axesOf, ClipPlan } from '../../lib/synthesis/clip.js'
import { Random } from '../../lib/synthesis/parts/random.js'
import { classes } from '../../lib/synthesis/registry.js'
import { place } from '../../lib/synthesis/scene.js'
import { type SoundClass, Take } from '../../lib/synthesis/sound-class.js'
import type { Axis } from '../../lib/synthesis/wording/axes.js'
import { type Measures, measure } from './measure.js'

const named = classes.map((each): [string, SoundClass] => [each.name, each])
const withAxis = (axis: Axis) => named.filter(([, each]) => axis in axesOf(each))

test('at least 28 classes, each with a name and a line of its own', () => {
  expect(classes.length).toBeGreaterThanOrEqual(28)
  expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length)
  expect(new Set(classes.map(({ about }) => about)).size).toBe(classes.length)
  for (const { name } of classes) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
})

test.each(named)('%s: finite, audible and not clipped, whatever the seed', (_, soundClass) => {
  const lengths = [0.1, 0.35, 0.8, 0.5, 0.5, 0.5]
  for (const [number, seconds] of lengths.entries()) {
    const samples = new ClipPlan(soundClass, 9, number).render(seconds)
    expect(samples).toHaveLength(Math.round(44100 * seconds))
    let [peak, sum] = [0, 0]
    for (const value of samples) {
      peak = Math.max(peak, Math.abs(value))
      sum += value
    }
    expect(Number.isFinite(sum)).toBe(true)
    expect(peak).toBeLessThanOrEqual(0.9801)
    expect(peak).toBeGreaterThan(0.02)
    expect(Math.abs(sum / samples.length)).toBeLessThan(0.02)
  }
})

/** The same sound twice, at either end of an axis and in the middle of the others. */
function atBothEnds(soundClass: SoundClass, axis: Axis, seed: number): [Measures, Measures] {
  const [low, high] = [0.1, 0.9].map((position) => {
    const take = new Take(new Random(seed, soundClass.name), 2.5, { [axis]: position })
    const dry = soundClass.render(take)
    return measure(axis === 'distance' ? place(soundClass, take, dry) : dry)
  })
  return [low, high]
}

function expectMore(
  soundClass: SoundClass,
  axis: Axis,
  value: (measures: Measures) => number,
  ratio: number,
): void {
  for (const seed of [1, 2]) {
    const [low, high] = atBothEnds(soundClass, axis, seed)
    expect(value(high) / value(low), `seed ${seed}`).toBeGreaterThan(ratio)
  }
}

test.each(withAxis('pitch'))('%s: a higher pitch has a higher centroid', (_, soundClass) => {
  expectMore(soundClass, 'pitch', ({ centroid }) => centroid, 1.2)
})

const rateOf = (name: string) => (measures: Measures) => {
  // The firings of an engine are too many to be counted: it sounds higher as it runs faster.
  if (name === 'engine') return measures.centroid
  // What a hinge does in between is faster than its creaks.
  if (name === 'creaking_door') return measures.swells
  return measures.onsets * measures.modulation
}

test.each(withAxis('rate'))('%s: faster has more beginnings or turns', (name, soundClass) => {
  expectMore(soundClass, 'rate', rateOf(name), 1.2)
})

test.each(withAxis('decay'))('%s: longer fills more of the time', (_, soundClass) => {
  expectMore(soundClass, 'decay', ({ filled }) => filled, 1.2)
})

test.each(withAxis('strength'))('%s: more has more beginnings', (name, soundClass) => {
  if (name === 'wind') expectMore(soundClass, 'strength', ({ centroid }) => centroid, 1)
  else expectMore(soundClass, 'strength', ({ onsets, modulation }) => onsets * modulation, 1.2)
})

test.each(named)('%s: far away is quieter and hardly brighter', (_, soundClass) => {
  const [near, far] = atBothEnds(soundClass, 'distance', 1)
  expect(near.level - far.level).toBeGreaterThan(10)
  expect(far.centroid / near.centroid).toBeLessThan(1.2)
})

test('an echo is what comes after the sound, and more of it from far away', () => {
  const knock = classes.find(({ name }) => name === 'door_knock') as SoundClass
  const tail = (positions: Partial<Record<Axis, number>>) => {
    const take = new Take(new Random('echo'), 2, positions)
    const click = take.silence()
    for (let i = 0; i < 882; i++) click[441 + i] = Math.sin(i / 5)
    const heard = place(knock, take, click)
    const energy = (from: number, to: number) =>
      heard.subarray(44100 * from, 44100 * to).reduce((sum, value) => sum + value * value, 0)
    return 10 * Math.log10(energy(0.2, 0.6) / energy(0, 0.05))
  }
  expect(tail({ space: 0.9, distance: 0.1 }) - tail({ space: 0.1, distance: 0.1 })).toBeGreaterThan(
    15,
  )
  expect(tail({ space: 0.9, distance: 0.9 }) - tail({ space: 0.9, distance: 0.1 })).toBeGreaterThan(
    2,
  )
})
