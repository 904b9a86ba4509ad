import { expect, it } from 'vitest'
import { parseJson } from '../../lib/files/json.js'

it.each([
  '{"a": [1, -2.5e3, true, false, null, "x\\u00e9\\n\\"y"], "b": {"c": {}}, "d": []}',
  ' [ ] ',
  '"text"',
  '0',
  '{"__proto__": 1, "constructor": 2, "": 3}',
])('reads %s as JSON.parse does', (text) => {
  expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)))
})

it('keeps __proto__ a plain key', () => {
  const value = parseJson('{"__proto__": {"polluted": true}}')
  expect(Object.keys(value as object)).toEqual(['__proto__'])
  expect('polluted' in (value as object)).toBe(false)
})

it.each([
  ['{"a": 1, "a": 1}', /"a" is there twice/],
  ['{"a": 1, "\\u0061": 2}', /"a" is there twice/],
  ['{"__proto__": 1, "__proto__": 1}', /twice/],
  ['[-NaN]', /a value was expected/],
  ['['.repeat(100_000), /nested deeper than 32/],
  ['{"a":'.repeat(40), /nested deeper than 32/],
  ['[1,]', /a value was expected/],
  ['{"a" 1}', /: was expected/],
  ['{a: 1}', /a string was expected/],
  ['{} {}', /something follows/],
  ['"open', /malformed string/],
  ['"a\nb"', /malformed string/],
  ['[01]', /a value was expected/],
  ['', /a value was expected/],
  ['{"a": 1', /} was expected/],
])('refuses %.40s', (text, says) => {
  expect(() => parseJson(text)).toThrow(says)
})

it('reads what Python writes for numbers that are not finite', () => {
  expect(parseJson('[NaN, Infinity, -Infinity, 1e400]')).toEqual([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ])
})
