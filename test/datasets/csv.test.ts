import { expect, test } from 'vitest'
import { csvRows } from '../../lib/datasets/csv.js'

async function rows(text: string, comments = false): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const { line, cells, reason } of csvRows(Buffer.from(text), { comments })) {
    found.push([line, cells ?? reason])
  }
  return found
}

test.each(['\n', '\r\n', '\r'])('lines may end in %j, the last one in nothing', async (end) => {
  const text = ['a,b', '', ' 1 , "x, ""y"" é" ', '2,he said "no"'].join(end)
  expect(await rows(text)).toEqual([
    [1, ['a', 'b']],
    [3, ['1', 'x, "y" é']],
    [4, ['2', 'he said "no"']],
  ])
})

test('line endings may be mixed and cells may hold some', async () => {
  expect(await rows('a,b\r\n1,"two\nlines"\n2,x\r3,y')).toEqual([
    [1, ['a', 'b']],
    [2, ['1', 'two\nlines']],
    [4, ['2', 'x']],
    [5, ['3', 'y']],
  ])
})

test('comments are passed over, and # within a row is none', async () => {
  const text = '# a "list"\n# of two\nx, "/m/1,/m/2"\n  # more\ny#,#z\n'
  expect(await rows(text, true)).toEqual([
    [3, ['x', '/m/1,/m/2']],
    [5, ['y#', '#z']],
  ])
})

test('a damaged row is reported, and the next line is read', async () => {
  const text = 'a,b\n1,"x" y\n\n2,fine\n3,"never closed\n4,fine\n5,"y"\n6,"open'
  expect(await rows(text)).toEqual([
    [1, ['a', 'b']],
    [2, 'there is text behind the closing quote of a cell'],
    [4, ['2', 'fine']],
    [5, 'there is text behind the closing quote of a cell'],
    [6, ['4', 'fine']],
    [7, ['5', 'y']],
    [8, 'a quote is not closed'],
  ])
})

test('an open quote that takes in whole rows is reported', async () => {
  const text = 'a,b,c\n1,2,"three\n4,5,6\n7,"8"\n9,10,11\n'
  expect(await rows(text)).toEqual([
    [1, ['a', 'b', 'c']],
    [2, expect.stringMatching(/quote/)],
    [3, ['4', '5', '6']],
    [4, ['7', '8']],
    [5, ['9', '10', '11']],
  ])
})

test('a row that is too long is reported and passed over', async () => {
  const long = 'x'.repeat(70_000)
  expect(await rows(`a,b\n1,${long}\n2,y\n3,"${long}\n4,z\n`)).toEqual([
    [1, ['a', 'b']],
    [2, expect.stringMatching(/longer than 65536 bytes/)],
    [3, ['2', 'y']],
    [4, expect.stringMatching(/longer than 65536 bytes/)],
    [5, ['4', 'z']],
  ])
})

test('rows on the borders of blocks are whole, with their line numbers', async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) =>
    i % 7 === 3 ? `${i},"a ${i}\nb, ""c"""` : `${i},text of ${i}`,
  )
  const found = await rows(`${lines.join('\r\n')}\r\n`)
  expect(found).toHaveLength(lines.length)
  let line = 1
  found.forEach((row, i) => {
    const text = i % 7 === 3 ? `a ${i}\nb, "c"` : `text of ${i}`
    if (JSON.stringify(row) !== JSON.stringify([line, [String(i), text]])) {
      expect(row).toEqual([line, [String(i), text]])
    }
    line += i % 7 === 3 ? 2 : 1
  })
})

test('a file of nothing but damage is given up, soon', async () => {
  const started = performance.now()
  const found = await rows(`a,b\n${'1,"x" y\n'.repeat(100_000)}`)
  expect(found).toHaveLength(1002)
  expect(found[1001]).toEqual([1002, expect.stringMatching(/1000 rows before it are damaged/)])
  const quotes = await rows(`a,b\n${`1,"${'x'.repeat(100)}\n2,`.repeat(5000)}`)
  expect(quotes.length).toBeLessThanOrEqual(10_002)
  expect(performance.now() - started).toBeLessThan(20_000)
})

test('bytes of any kind are rows or damage, never a crash', async () => {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const letters = ['a', '"', ',', '\n', '\r', ' ', '#', '\0', 'é', '""', '\ufeff', '9']
  for (let n = 0; n < 500; n++) {
    const length = Math.floor(random() * 80)
    const text = Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join(
      '',
    )
    let last = 0
    for (const [line, content] of (await rows(text, n % 2 === 0)) as [number, unknown][]) {
      expect(line).toBeGreaterThan(last)
      expect(content).toBeDefined()
      last = line
    }
    expect(last).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length)
  }
})
