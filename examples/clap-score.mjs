// How well generated sounds fit the prompts they were made from, and those that fit worst:
//
//   npx audioldm generate --prompts prompts.txt --model my-model --out made/ --json > made.json
//   node clap-score.mjs my-model made/ made.json
//
// The model has to have CLAP's audio tower: docs/models.md says where it comes from, docs/metrics.md
// what the number means.

import { score } from 'audioldm'

const [clap, generated, prompts] = process.argv.slice(2)

const result = await score({ generated, prompts, clap, metrics: ['clap'], perClip: true })
const { mean, std } = result.metrics.clap
console.log(`CLAP ${mean.toFixed(4)} ± ${std.toFixed(4)} of ${result.prompts.count} clips`)
for (const { path, reason } of result.prompts.skipped) console.log(`left out: ${path}, ${reason}`)

const worst = result.clips.filter((clip) => clip.clap !== undefined)
worst.sort((a, b) => a.clap - b.clap)
for (const { name, prompt, clap: similarity } of worst.slice(0, 3)) {
  console.log(`${name}: ${similarity.toFixed(4)} "${prompt}"`)
}
