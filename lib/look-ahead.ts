/**
 * Starts work on up to `ahead` items before they are asked for and gives the results in order. When
 * the loop ends early, results that nobody will see go to `discard`, once they are there.
 */
export async function* lookAhead<T, R>(
  items: readonly T[],
  ahead: number,
  start: (item: T, index: number) => Promise<R>,
  discard: (result: R) => void,
): AsyncGenerator<R, void, undefined> {
  const started: Promise<R>[] = []
  let next = 0
  try {
    for (;;) {
      while (started.length < ahead && next < items.length) {
        const work = start(items[next], next)
        // It may fail long before its turn comes to be awaited.
        work.catch(() => {})
        started.push(work)
        next++
      }
      const first = started[0]
      if (first === undefined) return
      const result = await first
      started.shift()
      yield result
    }
  } finally {
    for (const result of await Promise.allSettled(started)) {
      if (result.status === 'fulfilled') discard(result.value)
    }
  }
}
