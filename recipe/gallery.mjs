// Writes docs/gallery.md: of every class a prompt, a spectrogram and a sound.
//
//   node recipe/gallery.mjs --model DIR --list FILE
//
// The list is JSON: [{ "category": "dog", "prompt": "…", "seed": 7 }, …], one entry a class. Sounds are
// Opus at 48 kbit/s.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate, loadModel } from 'audioldm'
import { decode } from 'fast-png'
import { palettePng } from '../scripts/palette-png.mjs'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    list: { type: 'string' },
  },
})
if (!values.model || !values.list) {
  console.error('gallery: give --model DIR and --list FILE')
  process.exit(2)
}

const out = join('docs', 'gallery')
const list = JSON.parse(readFileSync(values.list, 'utf8'))
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })

const model = await loadModel(values.model)
const job = generate(model, { prompt: list.map(({ prompt, seed }) => ({ prompt, seed })) })
for await (const event of job) {
  if (event.type !== 'clip') continue
  const { category } = list[event.index]
  await event.audio.save(join(out, `${category}.ogg`), { bitrate: 48 })
  const { width, height, data } = decode(await event.audio.spectrogram({ width: 360, height: 160 }))
  writeFileSync(join(out, `${category}.png`), palettePng(width, height, data))
  event.audio.dispose()
  console.error(`gallery: ${event.index + 1} of ${list.length}`)
}
await model.dispose()

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
