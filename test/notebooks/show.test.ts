/** What notebooks show of results and of jobs that run, and that nothing in it is markup by chance. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { InvalidOptionError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { showProgress } from '../../lib/notebook/show-progress.js'
import { compareScores } from '../../lib/score/compare-scores.js'
import { score } from '../../lib/score/score.js'
import { fineTune } from '../../lib/training/fine-tune.js'
import { root } from '../docs/markdown.js'
import { tone } from '../study/fixture.js'

const folder = mkdtempSync(join(tmpdir(), 'audioldm-show-'))
const tiny = join(root, 'models', 'random-tiny')
let model: Model
beforeAll(async () => {
  model = await loadModel(tiny, { threads: 1 })
})
afterAll(async () => {
  await model.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const hostile = '<img src=x onerror=alert(1)>&"\''
const asText = '&#60;img src=x onerror=alert(1)&#62;&#38;&#34;&#39;'

function recorder() {
  const shown: string[] = []
  return { shown, display: { html: (content: string) => void shown.push(content) } }
}

/** Clips of two kinds, one named like markup and one that is no sound. */
function writeClips(name: string, shift: number): string {
  const path = join(folder, name)
  mkdirSync(path)
  for (let i = 0; i < 4; i++) writeFileSync(join(path, `clip${i}.wav`), tone(i + shift))
  writeFileSync(join(path, `${hostile}.wav`), tone(9 + shift))
  writeFileSync(join(path, `broken${hostile}.wav`), 'RIFF')
  return path
}

test('a job is followed in place, to its result', async () => {
  const { shown, display } = recorder()
  const job = generate(model, { prompt: hostile, durationSeconds: 0.64, steps: 3, seed: 1 })
  const result = await showProgress(job, display)
  expect(result.audio).toHaveLength(1)
  expect(shown.length).toBeGreaterThan(1)
  expect(shown[0]).toMatch(/<progress value="\d" max="[13]"/)
  expect(shown.at(-1)).toMatch(
    /^<div [^>]*><div>done · clip 1, step 3 of 3 · \d+\.\d s<\/div><\/div>$/,
  )
  const html = await result.toHTML()
  expect(html).toContain(`<figcaption>${asText}, seed 1</figcaption>`)
  expect(html).not.toContain('<img src=x')
  expect(Object.keys(result)).not.toContain('toHTML')
  result.audio[0].dispose()
})

test('an abort is shown, and rejects as without', async () => {
  const { shown, display } = recorder()
  const job = generate(model, { prompt: 'wind', durationSeconds: 0.64, steps: 900 })
  const following = showProgress(job, display)
  job.abort()
  await expect(following).rejects.toMatchObject({ code: 'ABORTED' })
  expect(shown.at(-1)).not.toContain('<progress')
  expect(shown.at(-1)).not.toContain('done')
})

test('scores and comparisons are tables in which names are text', async () => {
  const [a, b, reference] = [writeClips('a', 0), writeClips('b', 2), writeClips('reference', 1)]
  const { shown, display } = recorder()
  const options = { reference, metrics: ['lsd'] as const, threads: 1, cacheDir: null }
  const result = await showProgress(score({ generated: a, ...options, perClip: true }), display)
  const html = await result.toHTML()
  expect(html).toContain(`<td style="text-align:left">${asText}.wav</td>`)
  expect(html).toContain('<td style="text-align:left">lsd</td>')
  expect(html).toContain(String(Number((result.metrics.lsd as number).toPrecision(6))))
  expect(shown.at(-1)).toContain(`broken${asText}.wav`)
  const compared = await compareScores({ a, b, ...options, bootstrap: 100 })
  const table = await compared.toHTML()
  expect(table).toMatch(/<th scope="col" class="number">A − B<\/th>/)
  expect(table).toContain(compared.differences.lsd?.verdict)
  for (const each of [html, table, ...shown]) expect(each).not.toContain('<img src=x')
  // Plain data stays plain data, for workers and for JSON.
  expect(structuredClone({ ...result })).not.toHaveProperty('toHTML')
  expect(structuredClone(result)).toEqual(JSON.parse(JSON.stringify(result)))
})

test('a training draws its curve and plays its samples, and the result the curve of the whole run', async () => {
  const sounds = join(folder, 'sounds')
  mkdirSync(sounds)
  const rows = Array.from({ length: 4 }, (_, i) => {
    writeFileSync(join(sounds, `${i}.wav`), tone(i))
    return `${i}.wav,a tone`
  })
  writeFileSync(join(sounds, 'captions.csv'), `file,caption\n${rows.join('\n')}\n`)
  const { shown, display } = recorder()
  const outputDir = join(folder, 'run')
  const job = fineTune(tiny, {
    ...{ dataset: captionedFolder(sounds), outputDir, steps: 2, batchSize: 1, threads: 1 },
    ...{ segmentSeconds: 0.64, validation: 0.25, cacheDir: join(folder, 'cache') },
    sample: { prompts: [hostile], steps: 2 },
  })
  const result = await showProgress(job, display)
  const last = shown.at(-1) as string
  expect(last).toContain('done · step 2 of 2 · loss ')
  expect(svgOf(last)).toMatch(/class="line evaluated"/)
  expect(last).toContain(`<figcaption>${asText}, step 2</figcaption>`)
  expect(svgOf(await result.toHTML())).toMatch(/class="line smoothed"/)
  rmSync(join(outputDir, 'metrics.jsonl'))
  expect(await result.toHTML()).toContain('metrics.jsonl: there is no such file')
})

test('what is no job, and what shows nothing, is refused', async () => {
  const job = generate(model, { prompt: 'wind', durationSeconds: 0.64, steps: 1 })
  await expect(showProgress(job, {} as never)).rejects.toThrow(InvalidOptionError)
  await expect(showProgress(Promise.resolve(1) as never, recorder().display)).rejects.toThrow(
    /^job: /,
  )
  for (const audio of (await job).audio) audio.dispose()
})

function svgOf(html: string): string {
  const [, data] = /src="data:image\/svg\+xml;base64,([^"]+)"/.exec(html) as RegExpExecArray
  return Buffer.from(data, 'base64').toString()
}
