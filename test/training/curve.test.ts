import { expect, test } from 'vitest'
import { curveSvg } from '../../lib/training/curves/curve.js'
import { axisOf, tickText, tightAxisOf } from '../../lib/training/curves/curve-axis.js'
import { smooth } from '../../lib/training/curves/curve-series.js'
import { type MetricsLine, parseMetricsLines } from '../../lib/training/curves/metrics-lines.js'

/** A run whose loss falls from 1 and is noisy, evaluated every 100 steps. */
function run(steps: number, seed: number): MetricsLine[] {
  const lines: MetricsLine[] = []
  let state = seed
  for (let step = 1; step <= steps; step++) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    const noise = state / 2 ** 31 - 0.5
    const level = 0.2 + 0.8 * Math.exp((-5 * step) / steps)
    lines.push({ step, loss: level * (1 + noise), learningRate: 1e-4, gradientNorm: 1 })
    if (step % 100 === 0) {
      const metrics = { fd: 40 * level, is: { mean: 5 / level, std: 0.1 } }
      lines.push({ step, validationLoss: level + 0.02, metrics })
    }
  }
  return lines
}

/** Elements with their attributes, after a check that every tag is closed in its place. */
function elements(svg: string): { name: string; attributes: Record<string, string> }[] {
  const open: string[] = []
  const found: { name: string; attributes: Record<string, string> }[] = []
  const body = svg.replace(/<style>[^<]*<\/style>/, '')
  expect(body).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/)
  for (const [, close, name, rest, empty] of body.matchAll(
    /<(\/?)(\w+)((?:[^<>"]|"[^"<]*")*?)(\/?)>/g,
  )) {
    if (close) expect(open.pop()).toBe(name)
    else if (!empty) open.push(name)
    if (close) continue
    const attributes = [...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [
      key,
      value,
    ])
    found.push({ name, attributes: Object.fromEntries(attributes) })
  }
  expect(open).toEqual([])
  expect(body.replace(/<(\/?)(\w+)((?:[^<>"]|"[^"<]*")*?)(\/?)>/g, '')).not.toMatch(/[<>]/)
  return found
}

const lines = (svg: string, kind: string) =>
  elements(svg).filter(({ name, attributes }) => {
    const drawn = attributes.d?.includes('L')
    return name === 'path' && attributes.class === `line ${kind}` && drawn
  })

test('the loss of a run, and a panel for every metric', () => {
  const svg = curveSvg([{ name: 'scratch', lines: run(400, 1) }])
  for (const title of ['>loss<', '>FD, lower is better<', '>IS, higher is better<', '>scratch<']) {
    expect(svg).toContain(title)
  }
  for (const tick of ['>100<', '>400<', '>0.2<', '>0.8<', '>steps<']) expect(svg).toContain(tick)
  expect(lines(svg, 'raw')).toHaveLength(1)
  expect(lines(svg, 'smoothed')).toHaveLength(1)
  expect(lines(svg, 'evaluated')).toHaveLength(3)
  expect(elements(svg).filter(({ name }) => name === 'circle')).toHaveLength(3 * 4)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})

test('points lie where their values say', () => {
  const given = [0, 50, 100].map((step) => ({ step, validationLoss: 1 - step / 100 }))
  const svg = curveSvg([{ name: 'a', lines: given }])
  const frame = elements(svg).find(({ attributes }) => attributes.class === 'frame')
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((key) =>
    Number(frame?.attributes[key]),
  )
  const [{ attributes }] = lines(svg, 'evaluated')
  expect(attributes.d).toBe(
    `M${x} ${y}L${x + width / 2} ${y + height / 2}L${x + width} ${y + height}`,
  )
})

test('runs share the panels, each with its colour', () => {
  const runs = ['pretrained', 'scratch'].map((name, i) => ({ name, lines: run(300, i + 1) }))
  const svg = curveSvg(runs)
  const colours = lines(svg, 'smoothed').map(({ attributes }) => attributes.stroke)
  expect(new Set(colours).size).toBe(2)
  expect(lines(svg, 'evaluated')).toHaveLength(6)
  for (const { name } of runs) expect(svg).toContain(`>${name}<`)
})

test('long runs stay small pictures', () => {
  const svg = curveSvg([{ name: 'long', lines: run(50_000, 3).filter((line) => line.loss) }])
  for (const kind of ['raw', 'smoothed']) {
    const [{ attributes }] = lines(svg, kind)
    expect(attributes.d.split('L').length).toBeLessThanOrEqual(800)
    expect(attributes.d.split('L').length).toBeGreaterThan(700)
  }
  expect(svg.length).toBeLessThan(60_000)
  expect(svg).toContain('>50k<')
})

test('one step, none, and equal values are pictures too', () => {
  const one = curveSvg([{ name: 'one', lines: [{ step: 1, loss: 0.5 }] }])
  expect(elements(one).filter(({ name }) => name === 'circle')).toHaveLength(2)
  const flat = [1, 2, 3].map((step) => ({ step, loss: 0 }))
  for (const svg of [one, curveSvg([]), curveSvg([{ name: '', lines: flat }])]) {
    elements(svg)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('names of folders and metrics are text, never markup', () => {
  const hostile = '"/><script>alert(1)</script>&\u0000\u001b[31m'
  const metrics = { [hostile]: 1, constructor: 2, fd: 'NaN', kl: { softmax: null }, is: null }
  const svg = curveSvg([{ name: hostile, lines: [{ step: 1, metrics }] }])
  expect(elements(svg).some(({ name }) => name === 'script')).toBe(false)
  expect(svg).not.toMatch(/\p{Cc}(?<!\n)/u)
  expect(svg).toContain('&lt;script&gt;')
  expect(svg).toContain('>constructor<')
  expect(svg).not.toContain('>KL')
})

test('smoothing is a mean that forgets', () => {
  const flat = smooth([1, 2, 50].map((step) => ({ step, value: 3 })))
  for (const { value } of flat) expect(value).toBeCloseTo(3, 12)
  const [, second] = smooth([
    { step: 0, value: 0 },
    { step: 1, value: 1 },
  ])
  expect(second.value).toBeCloseTo(1 / (1 + Math.exp(-1)), 12)
})

test('ticks are round', () => {
  expect(axisOf([0.13, 0.87], 6).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  expect(axisOf([-3, 12], 6).ticks).toEqual([-5, 0, 5, 10, 15])
  expect(tightAxisOf([1, 2000], 8)).toEqual({ from: 1, to: 2000, ticks: [500, 1000, 1500, 2000] })
  expect(tightAxisOf([1, 3], 8).ticks).toEqual([1, 2, 3])
  for (const values of [[], [0], [5, 5], [-2], [1e-9, 2e-9], [1e12, 1e12 + 1]]) {
    const { from, to, ticks } = axisOf(values, 6)
    expect(to).toBeGreaterThan(from)
    expect(ticks.length).toBeGreaterThan(1)
    expect(new Set(ticks.map(tickText)).size, String(values)).toBe(ticks.length)
  }
  expect([1500, 20_000, 1_500_000, 0.25].map(tickText)).toEqual(['1,500', '20k', '1.5M', '0.25'])
})

test('lines are read as they are, but for what a killed run cut off', () => {
  const text = '{"step":1,"loss":0.5,"other":true}\r\n{"step":2,"loss":null}\n\n{"step":3,"lo'
  expect(parseMetricsLines(text)).toEqual([{ step: 1, loss: 0.5 }, { step: 2 }])
  expect(() => parseMetricsLines('{"step":1}\nno\n{"step":2}\n')).toThrow(/line 2/)
  for (const bad of ['null', '7', '[]', '{}', '{"step":-1}', '{"step":1e400}', '{"step":"1"}']) {
    expect(() => parseMetricsLines(`${bad}\n{"step":1}\n`), bad).toThrow(/line 1/)
  }
})
