/** Prompts of which a small model knows nothing. */
import type { KnownSound, KnownSounds } from '../hub/known-sounds.js'
import type { Model } from '../model/model.js'
import { dot, unit } from '../model/similarity.js'

const named = 3

/** What to warn of, by prompt; nothing where the model does not say what it knows. */
export async function farPrompts(
  model: Model,
  prompts: Iterable<string>,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const known = model.folder.knownSounds
  const texts = [...new Set(prompts)].filter((prompt) => prompt.trim() !== '')
  const warnings = new Map<string, string>()
  if (known === undefined || texts.length === 0) return warnings
  const rows = await model.embedText(texts, { signal })
  const [, width] = rows.shape
  const data = (await rows.data()) as Float32Array
  rows.dispose()
  for (const [i, text] of texts.entries()) {
    const nearest = nearestSounds(data.subarray(i * width, (i + 1) * width), known)
    if (nearest[0].similarity >= known.threshold) continue
    const names = nearest.slice(0, named).map(({ name }) => name)
    warnings.set(text, `this model was not trained on such a sound; nearest are ${listed(names)}`)
  }
  return warnings
}

/** The nearest first. */
export function nearestSounds(
  embedding: ArrayLike<number>,
  { sounds }: KnownSounds,
): (Pick<KnownSound, 'name'> & { similarity: number })[] {
  const row = unit(embedding)
  return sounds
    .map(({ name, embeddings }) => {
      const similarities = embeddings.map((embedding) => dot(row, unit(embedding)))
      return { name, similarity: Math.max(...similarities) }
    })
    .sort((a, b) => b.similarity - a.similarity)
}

function listed(names: string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`
}
