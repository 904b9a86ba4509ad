import { expect, test } from 'vitest'
import { soundCaptions, soundClasses } from '../../lib/synthesis/describe.js'
import { refusal } from '../datasets/fixture.js'
import { read } from '../docs/markdown.js'

test('the classes, and in which ways their clips differ', () => {
  const all = soundClasses()
  expect(all[0]).toEqual({
    name: 'church_bell',
    about: 'A heavy bell that tolls in a tower.',
    attributes: { pitch: ['low', 'high'], rate: ['slow', 'fast'], distance: ['near', 'far'] },
  })
  for (const { attributes } of all) expect(attributes.distance).toEqual(['near', 'far'])
})

test('captions that are asked for say what was asked', () => {
  const attributes = { rate: 'slow', distance: 'far' }
  const captions = soundCaptions('siren', { attributes, count: 40 })
  expect(new Set(captions).size).toBe(40)
  expect(captions).toEqual(soundCaptions('siren', { attributes, count: 40 }))
  expect(captions).not.toEqual(soundCaptions('siren', { attributes, count: 40, seed: 1 }))
  const telling = captions.filter((caption) => /slow|unhurried/i.test(caption))
  expect(telling.length).toBeGreaterThan(20)
  expect(captions.join()).not.toMatch(/\b(fast|quick|rapid|near|close|high|low)\b/i)
  const heldOut = soundCaptions('siren', { attributes, count: 40, heldOut: true })
  expect(heldOut.length).toBeGreaterThan(5)
  expect(heldOut.filter((caption) => captions.includes(caption))).toEqual([])
  for (const caption of soundCaptions('wind')) expect(caption).toMatch(/wind/i)
})

test('what there is not is refused', async () => {
  expect(await refusal(() => soundCaptions('unicorn'))).toBe("name: there is no class 'unicorn'")
  const asked = (attributes: object) => refusal(() => soundCaptions('wind', { attributes }))
  expect(await asked({ rate: 'slow' })).toBe(
    'attributes.rate: wind has only pitch, strength, distance',
  )
  expect(await asked({ pitch: 'deep' })).toBe(
    "attributes.pitch: expected 'low', 'high' or 'medium', got 'deep'",
  )
  expect(await refusal(() => soundCaptions('wind', { count: 0 }))).toMatch(/^count: expected/)
})

test('docs/datasets.md lists the classes, in the order of their targets', () => {
  const [, section] = read('docs/datasets.md').split('\n### Classes\n')
  const rows = soundClasses().map(({ name, about, attributes }) => {
    const axes = Object.keys(attributes).map((axis) => `\`${axis}\``)
    return `| \`${name}\` | ${about} | ${axes.join(', ')} |`
  })
  expect(section).toContain(`|---|---|---|\n${rows.join('\n')}\n\n`)
})
