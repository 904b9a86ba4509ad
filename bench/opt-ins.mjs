// What each way to make clips faster does to time and sound: of the same prompts and seeds, plain and
// with the option. Prints the table of docs/options.md.
//
//   node bench/opt-ins.mjs REFERENCE --list FILE [--model DIR] [--seconds 5] [--steps 25] [--threads N]
//
// The list is JSON, [{ "prompt": "…", "seed": 7 }, …]; REFERENCE are recordings of the same sounds.
// Without networks of one's own, FD is that of the small classifier in the package.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate, loadModel, score } from 'audioldm'

const { values, positionals } = parseArgs({
  options: {
    list: { type: 'string' },
    model: { type: 'string' },
    panns: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '25' },
    threads: { type: 'string' },
  },
  allowPositionals: true,
})
const [reference] = positionals
if (!reference || !values.list) {
  console.error('opt-ins: give a folder of recordings and --list FILE')
  process.exit(2)
}
const clips = JSON.parse(readFileSync(values.list, 'utf8'))
const threads = values.threads && { threads: Number(values.threads) }

const variants = [
  ['plain', {}],
  ['guidanceInterval [0.1, 0.9]', { guidanceInterval: [0.1, 0.9] }],
  ['guidanceInterval [0.2, 0.8]', { guidanceInterval: [0.2, 0.8] }],
  ['guidanceInterval [0.3, 0.7]', { guidanceInterval: [0.3, 0.7] }],
  ['featureCache 2', { featureCache: 2 }],
  ['featureCache 3', { featureCache: 3 }],
  ['featureCache 5', { featureCache: 5 }],
]

const out = mkdtempSync(join(tmpdir(), 'opt-ins-'))
const folder = (i) => join(out, String(i))
const model = await loadModel(values.model, { ...threads })
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const times = variants.map(() => [])
try {
  // Clip by clip through all variants, so that what else the machine does hits all of them.
  for (const [number, { prompt, seed }] of clips.entries()) {
    for (const [i, [, options]] of variants.entries()) {
      const result = await generate(model, {
        prompt,
        seed,
        durationSeconds: Number(values.seconds),
        steps: Number(values.steps),
        ...options,
      })
      times[i].push(result.timings.stepMs.reduce((sum, ms) => sum + ms, 0))
      await result.audio[0].save(join(folder(i), `${number}.wav`))
      result.audio[0].dispose()
    }
    console.error(`opt-ins: ${number + 1} of ${clips.length} clips`)
  }
  console.log('| | all steps | CLAP score | FD to recordings | LSD to the plain clip |')
  console.log('|---|---|---|---|---|')
  const prompts = clips.map(({ prompt }, i) => ({ file: `${i}.wav`, prompt }))
  for (const [i, [name]] of variants.entries()) {
    const common = { ...(values.panns && { panns: values.panns }), ...threads }
    const { metrics } = await score({ generated: folder(i), reference, metrics: ['fd'], ...common })
    const heard = await score({
      generated: folder(i),
      clap: model,
      prompts,
      metrics: ['clap'],
      ...threads,
    })
    const plain = await score({
      generated: folder(i),
      reference: folder(0),
      metrics: ['lsd'],
      ...threads,
    })
    const time = median(times[i].map((ms, k) => times[0][k] / ms))
    console.log(
      `| ${name} | ${time.toFixed(2)}x faster | ${heard.metrics.clap.mean.toFixed(3)} | ${metrics.fd.toFixed(2)} | ${i === 0 ? '0' : plain.metrics.lsd.toFixed(2)} |`,
    )
  }
} finally {
  await model.dispose()
  rmSync(out, { recursive: true })
}
