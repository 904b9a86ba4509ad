// Generates the clips of a list with the library itself, as `audioldm_recipe.measure` asks it to:
//
//   node recipe/generate.mjs --model DIR --list FILE --out DIR [--seconds 5] [--steps N] [--guidance N] [--threads N]
//
// The list is JSON: [{ "file": "dog/00.wav", "prompt": "…", "seed": 7 }, …]. Steps and guidance are
// the library's own where none are given. Clips that are there already are not made again.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate, loadModel } from 'audioldm'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    list: { type: 'string' },
    out: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    steps: { type: 'string' },
    guidance: { type: 'string' },
    threads: { type: 'string' },
  },
})
if (!values.model || !values.list || !values.out) {
  console.error('generate: give --model DIR, --list FILE and --out DIR')
  process.exit(2)
}

const { model: folder, out } = values
const list = JSON.parse(readFileSync(values.list, 'utf8'))
const settings = {
  durationSeconds: Number(values.seconds),
  ...(values.steps && { steps: Number(values.steps) }),
  ...(values.guidance && { guidanceScale: Number(values.guidance) }),
}
claim({ model: hashOf(folder), settings })

const missing = list.filter(({ file }) => !existsSync(join(out, file)))
if (missing.length > 0) await make(missing)

async function make(clips) {
  const threads = values.threads && { threads: Number(values.threads) }
  const model = await loadModel(folder, { ...threads })
  const prompt = clips.map(({ prompt, seed }) => ({ prompt, seed }))
  const job = generate(model, { prompt, ...settings })
  const began = performance.now()
  for await (const event of job) {
    if (event.type === 'warning') console.error(`generate: ${event.message}`)
    if (event.type !== 'clip') continue
    const path = join(out, clips[event.index].file)
    mkdirSync(dirname(path), { recursive: true })
    await event.audio.save(path)
    event.audio.dispose()
    const done = event.index + 1
    const left = ((performance.now() - began) / done) * (clips.length - done)
    if (done % 10 === 0 || done === clips.length) {
      const before = list.length - clips.length
      console.error(
        `generate ${before + done}/${list.length} | ${Math.ceil(left / 60000)} min left`,
      )
    }
  }
  await model.dispose()
}

/** Clips of two models or settings in one folder would be measured as one. */
function claim(made) {
  const record = join(out, 'made.json')
  const text = `${JSON.stringify({ ...made, clips: list }, null, 1)}\n`
  mkdirSync(out, { recursive: true })
  if (!existsSync(record)) writeFileSync(record, text)
  if (readFileSync(record, 'utf8') === text) return
  console.error(
    `generate: ${out} has clips of another model, list or settings: remove it or name another`,
  )
  process.exit(1)
}

/** Of everything that decides its sound. */
function hashOf(folder) {
  const hash = createHash('sha256')
  for (const part of readdirSync(folder).sort()) {
    if (part === 'classifiers' || !statSync(join(folder, part)).isDirectory()) continue
    for (const file of readdirSync(join(folder, part)).sort()) {
      hash.update(`${part}/${file}\n`).update(readFileSync(join(folder, part, file)))
    }
  }
  return hash.digest('hex')
}
