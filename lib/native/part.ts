/** How the core is told of an archive and of the tensors to bind in it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError, NativeLoadError } from '../errors.js'
import { canonicalJson } from '../files/canonical-json.js'
import type { AttributeValue, NativePart, NativeWeight } from './binding.js'
import type { TensorSource, TensorTable } from './tensor-table.js'

const incomplete =
  'The package is incomplete: install it again, or in a checkout build the archives with: npm run setup'

/** Path of an archive that the package ships. @throws NativeLoadError when it is not there */
export function archiveIn(archivesDir: string, name: string): string {
  const archive = join(archivesDir, `${name}.pt`)
  if (!existsSync(archive)) {
    throw new NativeLoadError('ADDON_NOT_BUILT', `there is no archive ${archive}`, [], incomplete)
  }
  return archive
}

/** What decides which operators a part is made of. */
export interface Structure {
  archive: string
  attributes: Record<string, AttributeValue>
  tensors: ReadonlyMap<string, unknown>
}

/** Of structures that are common the package has graphs, which load faster than their archive. */
export function graphFile({ archive, attributes, tensors }: Structure): string {
  const structure = canonicalJson({ attributes, tensors: [...tensors.keys()].sort() })
  const hash = createHash('sha256').update(structure).digest('hex')
  return `${archive}-${hash.slice(0, 16)}.graph`
}

/**
 * Path of the structure's graph where there is one, else of its archive.
 * @throws EngineError for a damaged graph, NativeLoadError when there is neither
 */
export function structureIn(archivesDir: string, structure: Structure): string {
  const graph = join(archivesDir, graphFile(structure))
  if (!existsSync(graph)) return archiveIn(archivesDir, structure.archive)
  // Unlike archives, which are zip files, graphs would not notice by themselves.
  const [hash, content] = splitLine(readFileSync(graph, 'utf8'))
  if (hash !== createHash('sha256').update(content).digest('hex')) {
    throw new EngineError(`the graph ${graph} is damaged`, { hint: incomplete })
  }
  return graph
}

function splitLine(text: string): [first: string, rest: string] {
  const end = text.indexOf('\n')
  return [text.slice(0, end), text.slice(end + 1)]
}

/** Weights stay where they are: the core maps the files. `files` numbers them, and grows. */
export function nativePart(
  archive: string,
  attributes: Record<string, AttributeValue>,
  tensors: TensorTable,
  files: Map<string, number>,
): NativePart {
  const weights = [...tensors].map(([name, source]) => nativeWeight(name, source, files))
  return { archive, attributes, weights }
}

/** As `nativePart` does it, for one tensor. */
export function nativeWeight(
  name: string,
  { file, ...where }: TensorSource,
  files: Map<string, number>,
): NativeWeight {
  if (!files.has(file)) files.set(file, files.size)
  return { name, file: files.get(file) as number, ...where }
}
