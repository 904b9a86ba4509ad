// A sound like another one, and one between it and a text:  node audio-prompt.mjs sea.wav "a choir"

import { generate, loadModel } from 'audioldm'

const [sound = 'sound.wav', text = 'a choir', source] = process.argv.slice(2)

const model = await loadModel(source)
const options = { durationSeconds: 4, steps: 10, seed: 1 }
const like = await generate(model, { audioPrompt: sound, ...options })
await like.audio[0].save('like.wav')

const mix = [{ audio: sound }, { text, weight: 2 }]
const between = await generate(model, { mix, ...options })
await between.audio[0].save('between.wav')
await model.dispose()
