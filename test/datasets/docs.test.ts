import { afterAll, expect, test } from 'vitest'
import { defaultTemplate } from '../../lib/datasets/captions.js'
import { checkDataset } from '../../lib/datasets/check.js'
import { captionedFolder, captionLists } from '../../lib/datasets/folder.js'
import { maxJsonBytes, maxListBytes, maxRows } from '../../lib/datasets/list-file.js'
import { read } from '../docs/markdown.js'
import { scratch } from './fixture.js'

const work = scratch()
afterAll(work.remove)

test('docs/datasets.md has the fields of the report, the limits and the defaults', async () => {
  const text = read('docs/datasets.md')
  const folder = work.folder({ 'captions.csv': 'file,caption\nx.wav,A cat\n', 'x.wav': 300 })
  const report = await checkDataset(captionedFolder(folder, { captions: 'captions.csv' }))
  for (const field of [...Object.keys(report), ...Object.keys(report.seconds)]) {
    expect(text).toContain(`\`${field}\``)
  }
  expect(text).toContain(`up to ${maxListBytes / 2 ** 20} MiB`)
  expect(text).toContain(`JSON: ${maxJsonBytes / 2 ** 20} MiB`)
  expect(text).toContain(`${maxRows.toLocaleString('en')} rows`)
  expect(text).toContain(`\`${defaultTemplate}\``)
  for (const name of captionLists) expect(text).toContain(`\`${name}\``)
})
