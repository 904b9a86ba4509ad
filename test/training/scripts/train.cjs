// Trains the small model, or goes on where an earlier process of the same arguments was killed.
//   node train.cjs DATA OUT CACHE STEPS [OPTIONS as JSON]
// Prints an event a line.
const { join } = require('node:path')
const { captionedFolder, fineTune } = require(
  process.env.AUDIOLDM_LIBRARY ?? '../../../dist/index.js',
)

const tinyModel = join(__dirname, '..', '..', '..', 'models', 'random-tiny')
const [, , data, outputDir, cacheDir, steps, options = '{}'] = process.argv

async function main() {
  const job = fineTune(tinyModel, {
    dataset: captionedFolder(data),
    validation: 0.2,
    condition: { mixed: 0.5 },
    steps: Number(steps),
    batchSize: 2,
    segmentSeconds: 0.64,
    checkpointEvery: 7,
    evaluation: { draws: 2 },
    emaDecay: 0.9,
    dtype: 'float32',
    device: 'cpu',
    threads: 1,
    ...{ outputDir, cacheDir, resume: true },
    ...JSON.parse(options),
  })
  for await (const event of job) {
    const { type, step, done, total } = event
    console.log(type, step ?? '', done === undefined ? '' : `${done}/${total}`)
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
