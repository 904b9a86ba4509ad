// Writes the graphs of structures that are common: the published models', and those of the models
// that are here. export/audioldm_export/graphs.py says what a graph is. Which operators a part is
// made of, the library itself decides from its config.json.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { output, root, run } from './steps.mjs'

const parts = ['unet', 'vae', 'vocoder', 'text_encoder']

/** All published sizes have one structure in these parts; only widths differ. */
const published = `
import json
from audioldm_export import configs
size = configs.SIZES['s']
print(json.dumps({'unet': configs.unet(size), 'vae': configs.vae(size),
  'vocoder': configs.vocoder(size), 'text_encoder': configs.text_encoder(size, 50265)}))`

export function writeGraphs(python) {
  const env = { PYTHONPATH: join(root, 'export') }
  const models = [JSON.parse(output(python, ['-c', published], env)), ...localModels()]
  const structures = new Map(models.flatMap(structuresOf).map((one) => [one.file, one]))
  const list = join(root, 'archives', `.structures.${process.pid}.json`)
  try {
    writeFileSync(list, JSON.stringify([...structures.values()]))
    const args = ['graphs', '--structures', list, '--out', 'archives']
    return run(python, ['-W', 'ignore', '-m', 'audioldm_export', ...args], env)
  } finally {
    rmSync(list, { force: true })
  }
}

function localModels() {
  return readdirSync(join(root, 'models'))
    .map((name) => join(root, 'models', name))
    .filter((folder) => existsSync(join(folder, 'model_index.json')))
    .map((folder) =>
      Object.fromEntries(
        parts
          .map((part) => [part, join(folder, part, 'config.json')])
          .map(([part, file]) => [part, JSON.parse(readFileSync(file, 'utf8'))]),
      ),
    )
}

function structuresOf(configs) {
  const library = createRequire(join(root, 'dist', 'index.js'))
  const { planUNet } = library('./architectures/unet.js')
  const { planVae } = library('./architectures/vae.js')
  const { planVocoder } = library('./architectures/vocoder.js')
  const { planTextEncoder } = library('./architectures/text-encoder.js')
  const { graphFile } = library('./native/part.js')
  const { encoder, decoder } = planVae(configs.vae, 'vae')
  const plans = [
    planUNet(configs.unet, 'unet'),
    encoder,
    decoder,
    planVocoder(configs.vocoder, 'vocoder'),
    planTextEncoder(configs.text_encoder, 'text_encoder'),
  ]
  return plans.map((plan) => ({
    file: graphFile(plan),
    archive: plan.archive,
    attributes: plan.attributes,
    tensors: Object.fromEntries([...plan.tensors].map(([name, { length }]) => [name, length])),
  }))
}
