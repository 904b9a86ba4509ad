/** The same studies in an hour or so: the embedded models, short trainings, few items. */
import { existsSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Dataset } from '../datasets/dataset.js'
import { captionedFolder } from '../datasets/folder.js'
import { defaultModelDir, packageRoot } from '../files/paths.js'
import { outputError } from '../files/write-file.js'
import { makeDataset } from '../synthesis/make.js'
import type { StudyOptions } from './options.js'

const training = {
  ...{ steps: 200, evaluateEvery: 50, batchSize: 4, segmentSeconds: 2.56, learningRate: 3e-4 },
}
const sounds = { clips: 200, seconds: 5 }

/** What is not given is small; what is given stays. */
export function miniature(options: StudyOptions): StudyOptions {
  const { datasets, outputDir } = options
  const synthesised = () => [synthesisedSounds(resolve(outputDir, 'synthesised'))]
  return {
    ...{ items: 32, repeats: 3 },
    ...options,
    datasets: datasets ?? (typeof outputDir === 'string' ? synthesised() : undefined),
    generation: { steps: 10, ...options.generation },
    training: { ...training, ...options.training },
  }
}

/** Made when it is first read. */
function synthesisedSounds(path: string): Dataset {
  const dataset = captionedFolder(path)
  return {
    ...dataset,
    load: async (signal) => {
      await makeDataset({ outputDir: path, ...sounds, signal })
      return dataset.load(signal)
    },
  }
}

/**
 * The embedded model with the UNet that has heard no recording, as a folder: pre-trained, and on nothing
 * that it is tested with. Undefined where that UNet is not, which the package leaves out.
 */
export async function embeddedBase(outputDir: string): Promise<string | undefined> {
  const unet = join(packageRoot, 'models', 'base', 'unet')
  if (!existsSync(unet)) return undefined
  const path = join(outputDir, 'base')
  if (existsSync(path)) return path
  const making = join(outputDir, '.base.tmp')
  try {
    await rm(making, { recursive: true, force: true })
    await cp(defaultModelDir(), making, { recursive: true })
    await cp(unet, join(making, 'unet'), { recursive: true, force: true })
    await rename(making, path)
  } catch (error) {
    throw outputError(path, error)
  }
  return path
}
