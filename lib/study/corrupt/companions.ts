/** Which clips of other classes a clip meets. */
import { Random } from '../../synthesis/parts/random.js'

export interface Labelled {
  id: string
  labels: readonly string[]
}

/**
 * Up to `count` items, each of another class, and none with a label of `own`. A class is a list of
 * labels; an item without labels is a class of its own. The same on every machine, in any order of
 * `items`; fewer where there are fewer classes.
 */
export function companionsOf<T extends Labelled>(
  own: Labelled,
  items: readonly T[],
  count: number,
  seed: string | number | bigint,
): T[] {
  const classes = new Map<string, T[]>()
  for (const item of items) {
    const shared = item.labels.some((label) => own.labels.includes(label))
    if (shared || item.id === own.id) continue
    const name = classOf(item)
    classes.set(name, [...(classes.get(name) ?? []), item])
  }
  const random = new Random(seed, 'companions', own.id)
  const names = random.shuffled([...classes.keys()].sort()).slice(0, count)
  return names.map((name) => {
    const members = classes.get(name) as T[]
    return random.pick(members.sort((a, b) => (a.id < b.id ? -1 : 1)))
  })
}

/** How many classes every one of `items` can meet. */
export function otherClasses(items: readonly Labelled[]): number {
  const kinds = [...new Map(items.map((item) => [classOf(item), item])).values()]
  const met = kinds.map(
    (own) =>
      kinds.filter(
        (other) => other !== own && !other.labels.some((label) => own.labels.includes(label)),
      ).length,
  )
  return Math.min(...met)
}

function classOf({ id, labels }: Labelled): string {
  return labels.length === 0 ? `\n${id}` : [...labels].sort().join('\n')
}
