// Writes docs/gallery.md: of every class a prompt, a spectrogram and a sound.
//
//   node recipe/gallery.mjs --model DIR --list FILE [--python .venv/bin/python]
//
// The list is JSON: [{ "category": "dog", "prompt": "…", "seed": 7 }, …], one entry a class. Sounds are
// Ogg Opus, which soundfile writes.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate, loadModel } from 'audioldm'
import { decode } from 'fast-png'
import { palettePng } from '../scripts/palette-png.mjs'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    list: { type: 'string' },
    python: { type: 'string', default: '.venv/bin/python' },
  },
})
if (!values.model || !values.list) {
  console.error('gallery: give --model DIR and --list FILE')
  process.exit(2)
}

const out = join('docs', 'gallery')
const list = JSON.parse(readFileSync(values.list, 'utf8'))
const waves = mkdtempSync(join(tmpdir(), 'gallery-'))
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })

const model = await loadModel(values.model)
const job = generate(model, { prompt: list.map(({ prompt, seed }) => ({ prompt, seed })) })
for await (const event of job) {
  if (event.type !== 'clip') continue
  const { category } = list[event.index]
  await event.audio.save(join(waves, `${category}.wav`))
  const { width, height, data } = decode(await event.audio.spectrogram({ width: 320, height: 120 }))
  writeFileSync(join(out, `${category}.png`), palettePng(width, height, data))
  event.audio.dispose()
  console.error(`gallery: ${event.index + 1} of ${list.length}`)
}
await model.dispose()

const encode = `
import pathlib, sys, soundfile
for wave in sorted(pathlib.Path(sys.argv[1]).glob('*.wav')):
    soundfile.write(pathlib.Path(sys.argv[2]) / f'{wave.stem}.ogg', *soundfile.read(wave), subtype='OPUS')`
const { status } = spawnSync(values.python, ['-c', encode, waves, out], { stdio: 'inherit' })
rmSync(waves, { recursive: true })
if (status !== 0) process.exit(1)

const rows = list.map(({ category, prompt, seed }) => {
  const name = category.replaceAll('_', ' ')
  const picture = `![${name}](gallery/${category}.png)`
  return `| ${name} | ${prompt} | ${seed} | ${picture} | [listen](gallery/${category}.ogg) |`
})
writeFileSync(
  join('docs', 'gallery.md'),
  `# Gallery

What the [model of the package](../models/default/README.md) makes of one prompt a class, with the
library's defaults: nothing is chosen by hand. The wordings are among those that it was never trained
on. \`audioldm generate "<prompt>" --seed <seed>\` makes the same clip. The files are written by
\`recipe/gallery.mjs\`; the sounds here are compressed (Opus).

| class | prompt | seed | spectrogram | sound |
|---|---|---|---|---|
${rows.join('\n')}
`,
)
console.log(`docs/gallery.md: ${list.length} sounds`)
