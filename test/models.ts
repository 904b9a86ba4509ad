import { join } from 'node:path'

const folder = (name: string) => join(__dirname, '..', 'models', name)

/** Random weights in every part, so small that whole trainings take seconds. */
export const tinyModel = folder('random-tiny')

/** The trained one that is in the package. */
export const defaultModel = folder('default')
