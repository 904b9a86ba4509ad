// Many clips, each with options of its own, stopped cleanly by Ctrl-C:  node batch.cjs clips/

const { mkdirSync } = require('node:fs')
const { join } = require('node:path')
const { AbortError, generate, loadModel } = require('audioldm')

async function main([folder = 'clips', source]) {
  mkdirSync(folder, { recursive: true })
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())

  const model = await loadModel(source, { signal: stop.signal })
  const job = generate(model, {
    prompt: [
      'footsteps on gravel',
      { prompt: 'a door slams', negativePrompt: 'music', durationSeconds: 0.5 },
      { prompt: 'wind', scheduler: 'ddim', seed: 100 },
    ],
    durationSeconds: 1,
    steps: 5,
    seed: 1,
    signal: stop.signal,
  })
  try {
    for await (const event of job) {
      if (event.type !== 'clip') continue
      const { prompt, seed, scheduler } = event.settings
      const file = join(folder, `${event.index}.wav`)
      await event.audio.save(file)
      event.audio.dispose()
      console.log(`${file}: ${prompt}, seed ${seed}, ${scheduler}`)
    }
    await job
  } catch (error) {
    if (!(error instanceof AbortError)) throw error
    console.error('stopped')
    process.exitCode = 130
  } finally {
    await model.dispose()
  }
}

main(process.argv.slice(2))
