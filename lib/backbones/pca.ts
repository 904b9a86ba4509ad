/** VGGish's post-processing parameters: `vggish_pca_params-970ea276.pth`, or its import. */
import { createHash } from 'node:crypto'
import { InvalidWeightsError } from '../errors.js'
import type { NumpyArray } from '../weights/pickle-numpy.js'
import type { WeightsContent } from '../weights/read.js'
import { readTensor } from '../weights/tensor.js'
import { readBackboneFile } from './weights.js'

export interface PcaParameters {
  /** [128, 128], row-major. */
  eigenVectors: Float64Array
  /** [128] */
  means: Float64Array
}

export const PCA_WIDTH = 128

export const pcaNames = { eigenVectors: 'pca_eigen_vectors', means: 'pca_means' }

const published =
  'Published file: vggish_pca_params-970ea276.pth, release v0.1 of harritaylor/torchvggish.'

export async function readPca(path: string): Promise<PcaParameters> {
  return pcaIn(path, await readBackboneFile(path, published))
}

export function holdsPca({ tensors, arrays }: WeightsContent): boolean {
  return Object.values(pcaNames).some((name) => tensors.has(name) || arrays.has(name))
}

/** The published file holds NumPy arrays, an import tensors. */
export async function pcaIn(path: string, content: WeightsContent): Promise<PcaParameters> {
  const read = async (name: string, shapes: number[][]) => {
    const source = content.tensors.get(name) ?? content.arrays.get(name)
    const shape = source?.shape
    if (source === undefined || shape === undefined) refuse(path, `${name} is missing`)
    if (!shapes.some((wanted) => String(wanted) === String(shape))) {
      refuse(path, `${name} is [${shape}], expected [${shapes[0]}]`)
    }
    const values = 'file' in source ? await readTensor(source) : elements(source)
    if (!(values instanceof Float32Array || values instanceof Float64Array)) {
      refuse(path, `${name} holds no floating-point numbers`)
    }
    if (!values.every(Number.isFinite)) refuse(path, `${name} holds NaN or infinity`)
    return Float64Array.from(values)
  }
  return {
    eigenVectors: await read(pcaNames.eigenVectors, [[PCA_WIDTH, PCA_WIDTH]]),
    means: await read(pcaNames.means, [[PCA_WIDTH], [PCA_WIDTH, 1], [1, PCA_WIDTH]]),
  }
}

export function hashPca({ eigenVectors, means }: PcaParameters): string {
  return createHash('sha256').update(eigenVectors).update(means).digest('hex')
}

/** Row-major elements of a small NumPy array; undefined where it is damaged. */
function elements({ dtype, shape, data, fortran }: NumpyArray) {
  const size = dtype === 'float64' ? 8 : 4
  if (data === undefined || shape === undefined) return undefined
  if (dtype !== 'float64' && dtype !== 'float32') return undefined
  const count = shape.reduce((a, b) => a * b, 1)
  if (data.length !== count * size) return undefined
  const [rows, columns = 1] = shape
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const at = fortran ? (i % columns) * rows + Math.floor(i / columns) : i
    values[i] = size === 8 ? data.readDoubleLE(at * 8) : data.readFloatLE(at * 4)
  }
  return values
}

function refuse(path: string, problem: string): never {
  throw new InvalidWeightsError(`${path}: not VGGish's PCA parameters: ${problem}`, [], published)
}
