import { z } from 'zod'
import { abortSignal, expecting, integerIn, numberIn, seedOption } from '../options.js'

export interface MakeDatasetOptions {
  /** The folder to make. It is new or empty, or has a part of the same data set, which goes on. */
  outputDir: string
  /** How many clips in all, 1 … 1000000, spread evenly over the classes. */
  clips: number
  /** Default: 0. */
  seed?: number | bigint
  /** Names of classes, such as ['church_bell', 'wind']. Default: all. */
  classes?: readonly string[]
  /** Length of a clip, 0.1 … 60. Default: 5. */
  seconds?: number
  signal?: AbortSignal
}

const folderForm = expecting('the path of a folder')
const classesForm = expecting('a list of names of classes')

export const makeSchema = z.strictObject({
  outputDir: z.string(folderForm).min(1, folderForm),
  clips: integerIn(1, 1_000_000),
  seed: seedOption.default(0),
  classes: z.array(z.string(classesForm), classesForm).min(1, classesForm).optional(),
  seconds: numberIn(0.1, 60, ' s').default(5),
  signal: abortSignal.optional(),
})
