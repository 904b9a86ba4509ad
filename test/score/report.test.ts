import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Rows } from '../../lib/metrics/rows.js'
import type { ScoreOptions } from '../../lib/score/options.js'
import { embeddingMap, type MapPoint } from '../../lib/score/report/embedding-map.js'
import { extremesOf } from '../../lib/score/report/extremes.js'
import { saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { narrowWeights, scratch, writeSounds } from './fixture.js'

const work = scratch()
const at = (name: string) => join(work.path, name)
const hostile = '"><img src=x onerror=alert(1)>.wav'
let options: ScoreOptions

beforeAll(() => {
  const generated = writeSounds(work.path, 'generated', 11)
  const reference = writeSounds(work.path, 'reference', 11, 1.3)
  for (const folder of [generated, reference]) {
    renameSync(join(folder, readdirSync(folder)[0]), join(folder, hostile))
  }
  const { panns } = narrowWeights()
  const how = { panns, device: 'cpu', cacheDir: at('cache') } as const
  options = { ...how, generated, reference, metrics: ['fd', 'kl', 'lsd'] }
})
afterAll(work.remove)

describe('the page', () => {
  let page: string

  beforeAll(async () => {
    const result = await score({ ...options, html: at('report.html') })
    expect(result).not.toHaveProperty('clips')
    page = readFileSync(at('report.html'), 'utf8')
    const [fd] = page.match(/<td>fd<\/td><td class="number">([\d.e+-]+)/)?.slice(1) ?? []
    expect(Number(fd) / (result.metrics.fd as number)).toBeCloseTo(1, 4)
  }, 60_000)

  test('asks nothing of any other file, and runs no script', () => {
    expect(page.match(/(src|href)="(?!data:)/g)).toBeNull()
    expect(page).not.toMatch(/<script|https?:|url\(|@import/)
    expect(page).toContain("default-src 'none'")
  })

  test('has no tag of a name', () => {
    expect(page).not.toContain('<img src=x')
    expect(page).toContain('&#34;&#62;&#60;img src=x onerror=alert(1)&#62;.wav')
  })

  test('has both ends of each score, to be heard and seen beside the reference', () => {
    for (const title of ['KL, softmax', 'KL, sigmoid', 'Log-spectral distance']) {
      expect(page).toContain(`<h2>${title}</h2>`)
    }
    const figures = page.match(/<figure>.*?<\/figure>/gs) ?? []
    expect(figures).toHaveLength(3 * 6)
    for (const figure of figures) {
      expect(
        figure.match(/<audio controls preload="none" src="data:audio\/wav;base64,UklGR/g),
      ).toHaveLength(2)
      expect(
        figure.match(/<img alt="Spectrogram of [^"]+" width="460" height="190"/g),
      ).toHaveLength(2)
    }
  })

  test('has every clip of both sides on the map', () => {
    expect(page.match(/<circle class="generated"/g)).toHaveLength(11)
    expect(page.match(/<circle class="reference"/g)).toHaveLength(11)
  })

  test('has intervals, what bias N brings, and the name of a preset', async () => {
    const { panns, vggish } = narrowWeights()
    const { generated, reference, device, cacheDir } = options
    const inputs = { generated, reference, device, cacheDir, panns, vggish }
    const html = at('intervals.html')
    const result = await score({ ...inputs, preset: 'paper-2023', bootstrap: 100, html })
    const own = readFileSync(html, 'utf8')
    expect(own).toContain('By the preset paper-2023.')
    const { is, fd } = result.intervals ?? {}
    const shown = (value = Number.NaN) => String(Number(value.toPrecision(6)))
    const cell = (text: string) => `<td class="number">${text}</td>`
    const mean = shown(result.metrics.is?.mean)
    expect(own).toContain(
      `<td>is, mean</td>${cell(mean)}${cell(`${shown(is?.low)} … ${shown(is?.high)}`)}${cell('')}`,
    )
    expect(own).toContain(
      `<td>fd</td>${cell(shown(result.metrics.fd))}${cell(`${shown(fd?.low)} … ${shown(fd?.high)}`)}${cell(shown(fd?.bias))}`,
    )
    expect(own).toContain(`<td>fd, at infinity</td>${cell(shown(fd?.infinite.value))}`)
  })

  test('says what warnings and the protocol say', () => {
    expect(page).toContain('has random weights: numbers of cnn14-16k mean nothing')
    expect(page).toContain('&#34;resampler&#34;')
  })
})

test('of rows there are numbers and a map, and the reason why nothing is heard', async () => {
  const { generated, reference, panns, cacheDir } = options
  const [ours, theirs] = [generated, reference].map((_, i) => at(`${i}.safetensors`))
  const common = { panns, cacheDir, device: 'cpu', rows: true }
  await saveStatistics({ ...common, audio: generated, output: ours })
  await saveStatistics({ ...common, audio: reference as string, output: theirs })
  const html = at('rows.html')
  await score({ ...options, generated: ours, reference: theirs, metrics: ['fd', 'kl'], html })
  const page = readFileSync(html, 'utf8')
  expect(page.match(/<circle/g)).toHaveLength(22)
  expect(page).toContain('has its rows and not its sound')
  expect(page).not.toContain('<audio')
})

test('of statistics there are numbers alone', async () => {
  const statistics = at('statistics.safetensors')
  const { panns, cacheDir, generated } = options
  await saveStatistics({ panns, cacheDir, device: 'cpu', audio: generated, output: statistics })
  const html = at('statistics.html')
  await score({ ...options, generated: statistics, metrics: ['fd'], html })
  const page = readFileSync(html, 'utf8')
  expect(page).toContain('<td>fd</td>')
  expect(page).not.toMatch(/<circle|<figure/)
})

test('where it cannot be written is said before the work', async () => {
  expect(() => score({ ...options, html: at('report.txt') })).toThrow('ends in .html')
  const absent = score({ ...options, html: at('absent/report.html') })
  await expect(absent).rejects.toThrow('folder does not exist')
  expect(existsSync(at('absent'))).toBe(false)
})

test('extremes: the worst and the best, no clip at both ends', () => {
  const clip = (values: object) => ({ name: 'x', path: 'x', ...values })
  const ordered = (key: string, ...values: number[]) =>
    extremesOf(
      values.map((value) => clip({ [key]: value })),
      2,
    )
  expect(ordered('lsd', 3, 1, 2, 5, 4)).toMatchObject([
    { key: 'lsd', better: 'lower', count: 5, best: [1, 2], worst: [3, 4] },
  ])
  expect(ordered('clap', 3, 1, 2, 5, 4)).toMatchObject([{ best: [3, 4], worst: [1, 2] }])
  expect(ordered('psnr', Number.NaN, Number.POSITIVE_INFINITY, 7)).toMatchObject([
    { count: 2, best: [1], worst: [2] },
  ])
  expect(ordered('ssim', 0.5)).toMatchObject([{ count: 1, best: [0], worst: [] }])
  expect(extremesOf([clip({ skipped: 'broken' })], 2)).toEqual([])
})

describe('the map', () => {
  const rowsOf = (values: number[][]) => {
    const rows = new Rows(values[0].length)
    values.forEach((row, i) => {
      rows.append(i, Float32Array.from(row))
    })
    return rows
  }

  test('has distances of rows that lie in a plane', async () => {
    // 3-D rows in a plane: what is drawn has all of their distances.
    const flat = Array.from({ length: 9 }, (_, i) => {
      const [a, b] = [Math.sin(2.3 * i) * 3, Math.cos(5.1 * i * i)]
      return [a + b + 7, a - b - 2, 2 * a + 0.5 * b]
    })
    const map = await embeddingMap(rowsOf(flat.slice(0, 5)), rowsOf(flat.slice(5)))
    const points = [...(map?.generated ?? []), ...(map?.reference ?? [])] as MapPoint[]
    expect(points).toHaveLength(9)
    for (const [i, p] of points.entries()) {
      for (const [k, q] of points.entries()) {
        const wanted = Math.hypot(...flat[i].map((value, d) => value - flat[k][d]))
        expect(Math.hypot(p.x - q.x, p.y - q.y)).toBeCloseTo(wanted, 4)
      }
    }
    const [first, second] = map?.explained as [number, number]
    expect(first + second).toBeCloseTo(1, 6)
    expect(first).toBeGreaterThan(second)
  })

  test('puts a clip of several rows at their mean', async () => {
    const several = new Rows(2)
    several.append(0, Float32Array.from([0, 0, 2, 0]))
    several.append(1, Float32Array.from([5, 0]))
    several.append(2, Float32Array.from([3, 0]))
    const map = await embeddingMap(several, undefined)
    const [a, b, c] = map?.generated as MapPoint[]
    expect(Math.abs(a.x - b.x)).toBeCloseTo(4)
    expect(Math.abs(a.x - c.x)).toBeCloseTo(2)
  })

  test('is not drawn of clips that are all alike', async () => {
    const alike = rowsOf([1, 1, 1, 1].map(() => [1, 2, 3]))
    expect(await embeddingMap(alike, undefined)).toBeUndefined()
  })
})
