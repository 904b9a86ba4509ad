import { z } from 'zod'
import { expecting } from '../../options.js'

/** One of /v1/models; the first of them where it is left out. */
export const modelName = z.string(expecting('the name of a model')).optional()
