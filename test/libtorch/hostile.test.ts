import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { refusal, testCache } from './cache.js'
import { official } from './official.js'
import { makeZip, type Zip, type ZipEntry } from './zip.js'

const cache = testCache()

/** What is refused, although its hash is the one that was asked for. */
async function refused(zip: Zip) {
  const from = zip.save(join(cache.work, 'hostile.zip'))
  const error = await refusal({ from, sha256: zip.sha256 }, cache)
  expect(readdirSync(cache.work).sort()).toEqual(['cache', 'hostile.zip'])
  return error
}

const core: ZipEntry[] = [
  { name: 'libtorch/lib/libtorch_cpu.so', content: 'library' },
  { name: 'libtorch/build-version', content: '2.13.0+cpu\n' },
]
const huge = 0xfffffff0

describe('INVALID_LIBTORCH', () => {
  const cases: [what: string, entries: ZipEntry[], problem: RegExp][] = [
    ['a name that climbs', [{ name: '../evil.so' }], /invalid relative path: \.\.\/evil\.so/],
    [
      'one that climbs from lib',
      [{ name: 'libtorch/lib/../../../evil.so' }],
      /invalid relative path/,
    ],
    ['an absolute name', [{ name: '/tmp/evil.so' }], /absolute path: \/tmp\/evil\.so/],
    ['a name of Windows', [{ name: 'libtorch\\lib\\evil.so' }], /invalid characters in fileName/],
    [
      'a symbolic link',
      [{ name: 'libtorch/lib/libc10.so', content: '/etc/passwd', mode: 0o120777 }],
      /"libtorch\/lib\/libc10\.so" is a link or a device/,
    ],
    ['a link beside', [{ name: 'other', content: '/etc', mode: 0o120777 }], /"other" is a link/],
    ['a device', [{ name: 'libtorch/lib/libc10.so', mode: 0o020666 }], /is a link or a device/],
    [
      'a name twice',
      [{ name: 'libtorch/lib/libtorch_cpu.so', content: 'other' }],
      /"libtorch\/lib\/libtorch_cpu\.so" is in it twice/,
    ],
    [
      'encryption',
      [{ name: 'libtorch/lib/libc10.so', content: 'x', deflate: true, flags: 0x801 }],
      /is encrypted or compressed/,
    ],
    [
      'another compression',
      [{ name: 'libtorch/lib/libc10.so', method: 12 }],
      /is encrypted or compressed/,
    ],
    [
      'more than it declares',
      [
        {
          name: 'libtorch/lib/libc10.so',
          content: Buffer.alloc(1 << 20),
          deflate: true,
          declaredSize: 10,
        },
      ],
      /"libtorch\/lib\/libc10\.so": too many bytes in the stream/,
    ],
    [
      'less than it declares',
      [{ name: 'libtorch/lib/libc10.so', content: 'short', deflate: true, declaredSize: 10 }],
      /"libtorch\/lib\/libc10\.so": not enough bytes in the stream/,
    ],
    [
      'damaged compression',
      [{ name: 'libtorch/lib/libc10.so', content: 'no deflate', method: 8 }],
      /"libtorch\/lib\/libc10\.so": /,
    ],
    [
      'more than a libtorch can have',
      [1, 2, 3, 4, 5].map((n) => ({
        name: `libtorch/lib/lib${n}.so`,
        declaredSize: huge,
        deflate: true,
      })),
      /unpacked it has more than 17179869184 bytes/,
    ],
    [
      'too many entries',
      Array.from({ length: 50_000 }, (_, n) => ({ name: `libtorch/lib/lib${n}.so.${n}` })),
      /it has 50002 entries/,
    ],
  ]
  test.each(cases)('%s', async (_, entries, problem) => {
    const error = await refused(makeZip([...core, ...entries]))
    expect(error.code).toBe('INVALID_LIBTORCH')
    expect(error.message).toMatch(/^hostile\.zip: /)
    expect(error.message).toMatch(problem)
    expect(error.hint).toMatch(/\w/)
    expect(existsSync('/tmp/evil.so')).toBe(false)
  })

  test('no zip file, and half a one', async () => {
    const whole = official()
    const from = whole.save(join(cache.work, 'half.zip'))
    for (const end of [20, whole.bytes - 30]) {
      const { createHash } = await import('node:crypto')
      const bytes = (await whole.read().toArray()).reduce((a, b) => Buffer.concat([a, b]))
      const half = bytes.subarray(0, end)
      writeFileSync(from, half)
      const sha256 = createHash('sha256').update(half).digest('hex')
      const error = await refusal({ from, sha256 }, cache)
      expect(error.code).toBe('INVALID_LIBTORCH')
      expect(error.message).toContain('half.zip: not a zip file')
    }
  })

  test('no libtorch, or one that does not say its version', async () => {
    expect((await refused(makeZip([core[1]]))).message).toContain(
      'there is no libtorch_cpu.so in it',
    )
    expect((await refused(makeZip([core[0]]))).message).toContain('it does not say its version')
    const climbing = { ...core[1], content: '2.13.0/../../evil\n' }
    expect((await refused(makeZip([core[0], climbing]))).message).toContain(
      'does not say its version',
    )
  })

  test('a file with another hash is not even opened', async () => {
    const from = official().save(join(cache.work, 'hostile.zip'))
    const error = await refusal({ from }, cache)
    expect(error.code).toBe('INVALID_LIBTORCH')
    expect(error.message).toMatch(
      /its SHA-256 is [0-9a-f]{64}, and edbf4cbe[0-9a-f]{56} was expected/,
    )
    expect(error.hint).toContain('--sha256')
  })
})

test('another version than there is a core for', async () => {
  const error = await refused(official('2.9.1+cpu'))
  expect(error.code).toBe('LIBTORCH_VERSION')
  expect(error.message).toBe('hostile.zip: it is libtorch 2.9.1+cpu, and this build runs on 2.13')
})
