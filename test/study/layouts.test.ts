import { existsSync, readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { audioCaps } from '../../lib/datasets/audiocaps.js'
import { audioSet } from '../../lib/datasets/audioset.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import type { EvaluationList } from '../../lib/study/evaluation-list.js'
import { run, scratch, shortOptions, tone, write } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const ids = Array.from({ length: 6 }, (_, i) => `abcdefghij${i}`)

/** Five captions a clip in the test list; the file of the last clip was taken from YouTube. */
function writeAudioCaps(folder: string): string {
  const rows = ids.flatMap((id, i) =>
    Array.from({ length: 5 }, (_, k) => `${10 * i + k},${id},30,caption ${k} of ${id}`),
  )
  const header = 'audiocap_id,youtube_id,start_time,caption'
  write(`${folder}/dataset/test.csv`, `${[header, ...rows].join('\n')}\n`)
  for (const [i, id] of ids.slice(0, -1).entries()) write(`${folder}/audio/Y${id}.wav`, tone(i))
  return folder
}

function writeAudioSet(folder: string): string {
  const labels = ['index,mid,display_name', '0,/m/0,Speech', '1,/m/1,"Dog, barking"', '2,/m/2,Rain']
  write(`${folder}/class_labels_indices.csv`, `${labels.join('\n')}\n`)
  const rows = ids.map((id, i) => `${id}, 30.000, 40.000, "/m/0,/m/${1 + (i % 2)}"`)
  write(`${folder}/eval_segments.csv`, `# Segments\n${rows.join('\n')}\n`)
  for (const [i, id] of ids.entries()) write(`${folder}/eval/${id}.wav`, tone(i + 10))
  return folder
}

/** Clips are parts of one file. */
function writeParts(folder: string): string {
  write(`${folder}/long.wav`, tone(3, 6))
  const rows = Array.from({ length: 10 }, (_, i) => `long.wav,part ${i},${i / 2},${i / 2 + 0.5}`)
  write(`${folder}/captions.csv`, `file,caption,start,end\n${rows.join('\n')}\n`)
  return folder
}

test('AudioCaps, AudioSet and a folder of parts are tested with their own lists', {
  timeout: 10 * 60_000,
}, async () => {
  const datasets = [
    audioCaps(writeAudioCaps(work.in('AudioCaps'))),
    audioSet(writeAudioSet(work.in('AudioSet'))),
    captionedFolder(writeParts(work.in('my parts'))),
  ]
  const options = shortOptions(work, datasets, 'out', { conditions: ['text'] })
  const scoring = { ...options.scoring, metrics: ['fd' as const] }
  const { results } = await run('baseline', { ...options, scoring })
  expect(
    results.cells.map(({ labels, score, skipped }) => [
      labels.dataset,
      score.generated.count,
      skipped.map(({ reason }) => reason),
    ]),
  ).toEqual([
    ['audiocaps', 5, ['is on the list and not in the data set']],
    ['audioset', 6, []],
    ['my_parts', 2, []],
  ])
  const listOf = (name: string): EvaluationList =>
    JSON.parse(readFileSync(work.in('out', 'lists', `${name}.json`), 'utf8'))
  const caps = listOf('audiocaps').items
  expect(caps).toHaveLength(6)
  for (const { id, captions, prompt } of caps) {
    const youtube = id.replace('_30', '')
    expect(captions).toEqual([0, 1, 2, 3, 4].map((k) => `caption ${k} of ${youtube}`))
    expect(captions).toContain(prompt)
  }
  expect(listOf('audioset').items[0]).toMatchObject({
    labels: ['Speech', 'Dog, barking'],
    prompt: 'This is a sound of Speech, Dog, barking.',
  })
  for (const { name } of listOf('my_parts').items) {
    const bytes = readFileSync(work.in('out', 'references', 'my_parts', `${name}.wav`))
    // Half a second of 16 kHz in float32.
    expect(bytes.length).toBe(58 + 4 * 8000)
  }
  expect(existsSync(work.in('out', '.lock'))).toBe(false)
})
