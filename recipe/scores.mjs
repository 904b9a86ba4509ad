// FD and FAD of folders against a reference, by the library's own `score`, as JSON on stdout:
//
//   node recipe/scores.mjs --reference DIR --panns FILE --vggish FILE [--cache DIR] [--threads N] DIR…

import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { score } from 'audioldm'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reference: { type: 'string' },
    panns: { type: 'string' },
    vggish: { type: 'string' },
    cache: { type: 'string' },
    threads: { type: 'string' },
  },
})
const { reference, panns, vggish } = values
if (!reference || !panns || !vggish || positionals.length === 0) {
  console.error('scores: give --reference DIR, --panns FILE, --vggish FILE and folders')
  process.exit(2)
}

const found = { sets: {}, protocol: undefined }
for (const folder of positionals) {
  const { metrics, generated, protocol } = await score({
    generated: folder,
    reference,
    panns,
    vggish,
    metrics: ['fd', 'fad'],
    ...(values.cache && { cacheDir: values.cache }),
    ...(values.threads && { threads: Number(values.threads) }),
  })
  const { fd, fad } = metrics
  found.sets[basename(folder)] = { clips: generated.count, fd, fad }
  found.protocol = protocol
  console.error(`scores: ${basename(folder)}: FD ${fd.toFixed(2)}, FAD ${fad.toFixed(2)}`)
}
process.stdout.write(`${JSON.stringify(found, null, 1)}\n`)
