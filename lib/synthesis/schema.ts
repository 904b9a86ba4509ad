import { z } from 'zod'
import { abortSignal, expecting, integerIn, numberIn, seedOption } from '../options.js'

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
