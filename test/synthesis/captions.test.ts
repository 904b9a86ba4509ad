import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { axesOf, ClipPlan, wordingsByClass } from '../../lib/synthesis/clip.js'
import { classes } from '../../lib/synthesis/registry.js'
import type { SoundClass } from '../../lib/synthesis/sound-class.js'
import { article } from '../../lib/synthesis/wording/caption.js'
import { verb } from '../../lib/synthesis/wording/subject.js'

const named = classes.map((each): [string, SoundClass] => [each.name, each])
const plans = (soundClass: SoundClass, count: number) =>
  Array.from({ length: count }, (_, i) => new ClipPlan(soundClass, 5, i))
/** Without what makes a sentence of it. */
const plain = (caption: string) => caption.replace(/\.$/, '').toLowerCase()

test.each(named)('%s: many wordings, a tenth of them held out by the rule', (_, soundClass) => {
  const wordings = wordingsByClass(soundClass)
  expect(wordings.length).toBeGreaterThan(35)
  expect(new Set(wordings.map(({ text }) => text)).size).toBe(wordings.length)
  expect(wordings.some(({ heldOut }) => heldOut)).toBe(true)
  for (const { text, heldOut } of wordings) {
    const bits = createHash('sha256').update(text).digest('hex').slice(0, 8)
    expect(Number.parseInt(bits, 16) % 10 === 0, text).toBe(heldOut)
  }
})

test('about a tenth of all wordings is held out', () => {
  const all = classes.flatMap(wordingsByClass)
  const part = all.filter(({ heldOut }) => heldOut).length / all.length
  expect(part).toBeGreaterThan(0.085)
  expect(part).toBeLessThan(0.115)
})

test('what is held out is in no caption of any clip', () => {
  for (const soundClass of classes) {
    const clips = plans(soundClass, 60)
    const trained = new Set(clips.flatMap((clip) => clip.captions(5)).map(plain))
    const heldOut = clips.flatMap((clip) => clip.captions(3, true)).map(plain)
    expect(trained.size).toBeGreaterThan(100)
    expect(heldOut.filter((caption) => trained.has(caption))).toEqual([])
  }
})

/** A caption with blanks at its ends and without nouns and verbs: what is left is about axes. */
function aboutAxes(caption: string, { subjects }: SoundClass): string {
  let text = plain(caption)
  const verbs = subjects.flatMap((each) => each.verbs.flatMap((forms) => Object.values(forms)))
  const taken = [...subjects.flatMap(({ nouns }) => nouns), ...verbs]
  for (const words of taken.sort((a, b) => b.length - a.length)) {
    text = text.replace(new RegExp(`(?<!\\w)${words.toLowerCase()}(?!\\w)`), '')
  }
  return ` ${text.replaceAll(/[,:]/g, ' ').replaceAll(/ +/g, ' ').trim()} `
}

test.each(named)('%s: captions say what is so, and nothing else', (_, soundClass) => {
  // The longest first: 'a long way off' is far away, and nothing is long.
  const words = Object.entries(axesOf(soundClass))
    .flatMap(([axis, { low, high }]) =>
      [low, high].flatMap(({ value, adjectives, adverbs, places }) =>
        [...adjectives, ...adverbs, ...places].map((text) => ({ axis, value, text: ` ${text} ` })),
      ),
    )
    .sort((a, b) => b.text.length - a.text.length)
  let [ends, told] = [0, 0]
  for (const clip of plans(soundClass, 40)) {
    const said = new Set<string>()
    for (const caption of [...clip.captions(5), ...clip.captions(2, true)]) {
      let text = aboutAxes(caption, soundClass)
      for (const { axis, value, text: each } of words) {
        if (!text.includes(each)) continue
        text = text.replace(each, '  ')
        expect(clip.attributes, caption).toMatchObject({ [axis]: value })
        said.add(axis)
      }
    }
    ends += Object.values(clip.attributes).filter((value) => value !== 'medium').length
    told += said.size
  }
  expect(ends).toBeGreaterThan(40)
  expect(told / ends).toBeGreaterThan(0.95)
})

test('the grammar of a caption', () => {
  for (const soundClass of classes) {
    for (const clip of plans(soundClass, 30)) {
      for (const caption of [...clip.captions(5), ...clip.captions(2, true)]) {
        expect(caption).toBe(caption.trim())
        expect(caption).not.toMatch(/ {2}| ,|,,|[,:] *$|[{}]|undefined/)
        expect(caption).not.toMatch(/\ba [aeiou]|\ban [^aeiou]|\b(\w+) \1\b/i)
        expect(/^[A-Z].*\.$/.test(caption) || !caption.endsWith('.'), caption).toBe(true)
      }
    }
  }
})

test('articles and forms of verbs', () => {
  expect(['low bell', 'unhurried bell', 'Old bell'].map(article)).toEqual(['a', 'an', 'an'])
  const forms = (text: string, ing?: string) => Object.values(verb(text, ing))
  expect(forms('ring')).toEqual(['ring', 'rings', 'ringing'])
  expect(forms('chime')).toEqual(['chime', 'chimes', 'chiming'])
  expect(forms('go off', 'going')).toEqual(['go off', 'goes off', 'going off'])
  expect(forms('buzz')).toEqual(['buzz', 'buzzes', 'buzzing'])
  expect(forms('clap', 'clapping')).toEqual(['clap', 'claps', 'clapping'])
  expect(forms('play a tune')).toEqual(['play a tune', 'plays a tune', 'playing a tune'])
})
