// Everything that takes dtype bfloat16, in bfloat16 and in float32, on one thread of a CPU that the
// environment may hold to fewer instructions. Prints how far the two are apart as JSON.
//
//   bfloat16.cjs WORK PANNS    WORK has the folders sounds/ and others/
const { join } = require('node:path')
const { captionedFolder, fineTune, generate, loadModel, score } = require('../../../dist/index.js')

const tinyModel = join(__dirname, '..', '..', '..', 'models', 'random-tiny')

const [work, panns] = process.argv.slice(2)
const at = (...names) => join(work, ...names)
const common = { device: 'cpu', threads: 1 }

/** The norm of the difference over that of the second; NaN where a value is not finite. */
function apart(a, b) {
  const norm = (values) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
  return norm(a.map((x, i) => x - b[i])) / norm(b)
}

async function use(options) {
  const model = await loadModel(tinyModel, { ...common, ...options })
  const job = generate(model, { prompt: 'rain', seed: 3, steps: 3, durationSeconds: 0.64 })
  const { audio } = await job
  const text = await model.embedText('rain on a roof')
  const sound = await model.embedAudio(at('sounds', 'clip00.wav'))
  const found = {
    info: model.info,
    wave: await audio[0].toFloat32Array(),
    text: await text.data(),
    sound: await sound.data(),
  }
  await model.dispose()
  return found
}

async function train(dtype) {
  const job = fineTune(tinyModel, {
    ...common,
    dtype,
    dataset: captionedFolder(at('tones')),
    steps: 4,
    batchSize: 2,
    segmentSeconds: 0.64,
    validation: 0,
    learningRate: 0.01,
    lora: { rank: 2 },
    outputDir: at(dtype),
    cacheDir: at('cache'),
  })
  const warnings = []
  for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
  const { final, checkpoint } = await job
  return { loss: final.loss, adapter: join(checkpoint, 'adapter'), warnings }
}

async function measure(dtype) {
  const { metrics, protocol } = await score({
    ...common,
    dtype,
    generated: at('sounds'),
    reference: at('others'),
    panns,
    metrics: ['fd'],
    cacheDir: null,
  })
  return { fd: metrics.fd, protocol }
}

async function main() {
  const [trained, exact] = [await train('bfloat16'), await train('float32')]
  const lora = trained.adapter
  const [narrow, wide] = [await use({ dtype: 'bfloat16' }), await use({ dtype: 'auto' })]
  const adapted = [await use({ dtype: 'bfloat16', lora }), await use({ dtype: 'float32', lora })]
  const scores = [await measure('bfloat16'), await measure('float32')]
  const { arithmetic, dtype, backbones } = scores[0].protocol
  return {
    auto: wide.info.dtype,
    model: { dtype: narrow.info.dtype, arithmetic: narrow.info.arithmetic },
    protocol: { dtype, arithmetic, settings: backbones['cnn14-16k'].settings },
    warnings: trained.warnings,
    effectOfAdapter: apart(adapted[1].wave, wide.wave),
    apart: {
      wave: apart(narrow.wave, wide.wave),
      text: apart(narrow.text, wide.text),
      sound: apart(narrow.sound, wide.sound),
      adapted: apart(adapted[0].wave, adapted[1].wave),
      loss: apart([trained.loss], [exact.loss]),
      fd: apart([scores[0].fd], [scores[1].fd]),
    },
  }
}

main().then((result) => console.log(JSON.stringify(result)))
