// How close a folder of generated sounds is to a folder of references, and its worst clips:
//
//   node score.mjs generated/ reference/ Cnn14_16k_mAP=0.438.pth vggish-10086976.pth
//
// docs/models.md says where the two files are, docs/metrics.md what the numbers mean. Stop it and
// start it again: it goes on where it was.

import { score } from 'audioldm'

const [generated, reference, panns, vggish] = process.argv.slice(2)

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const job = score({ generated, reference, panns, vggish, perClip: true, signal: stop.signal })
for await (const event of job) {
  if (event.type === 'step') {
    process.stderr.write(`\r${event.stage}: ${event.done} of ${event.total} `)
  } else if (event.type === 'skipped') {
    console.error(`\nskipped ${event.path}: ${event.reason}`)
  } else if (event.type === 'warning') {
    console.error(`\nwarning: ${event.message}`)
  }
}

const { metrics, clips, ...rest } = await job
const { fd, fad, is, kl } = metrics
console.log(`\nFD ${fd}  FAD ${fad}  IS ${is?.mean}  KL ${kl?.softmax}`)
console.log(`${rest.generated.count} clips against ${rest.reference.count}`)

const worst = clips.filter((clip) => clip.klSoftmax !== undefined)
worst.sort((a, b) => b.klSoftmax - a.klSoftmax)
for (const { name, klSoftmax } of worst.slice(0, 3)) console.log(`${name}: KL ${klSoftmax}`)
