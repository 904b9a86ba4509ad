/** By what a model is known in the identity of a cell, wherever it lies. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../files/canonical-json.js'
import type { ModelFolder } from '../hub/model-folder.js'
import type { FileHashes } from '../training/data/file-hashes.js'

/** SHA-256 over the weights and settings of all its parts. */
export async function hashModel(folder: ModelFolder, hashes: FileHashes): Promise<string> {
  const parts: Record<string, unknown> = {}
  for (const [name, { plan, tensors }] of Object.entries(folder.parts)) {
    const files = new Set([...tensors.values()].map(({ file }) => file))
    const contents: string[] = []
    for (const file of files) contents.push(await hashes.of(file))
    parts[name] = { archive: plan.archive, attributes: plan.attributes, files: contents }
  }
  const { geometry, schedule, alphasCumprod } = folder
  const tokenizer: string[] = []
  for (const name of (await readdir(folder.tokenizerDir)).sort()) {
    tokenizer.push(sha256(await readFile(join(folder.tokenizerDir, name))))
  }
  const rest = { geometry, schedule, alphas: [...alphasCumprod], tokenizer }
  return sha256(canonicalJson({ parts, ...rest }))
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
