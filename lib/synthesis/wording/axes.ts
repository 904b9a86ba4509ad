/**
 * The ways in which clips of a class differ so that it can be said and measured. Each has two ends;
 * a clip is at one of them, or in between, of which nothing is said.
 */

/** An end of an axis, and the words for it by where they can stand. */
export interface End {
  /** As recorded with a clip. */
  value: string
  /** Before a noun. The first is the plainest word. */
  adjectives: readonly string[]
  /** Behind a verb. */
  adverbs: readonly string[]
  /** Behind a comma, or before the sentence. */
  places: readonly string[]
}

export interface AxisWords {
  low: End
  high: End
}

export const axisNames = ['pitch', 'rate', 'decay', 'strength', 'distance', 'space'] as const

/** pitch, rate of events, how long they sound, how much there is, how far away, what is around. */
export type Axis = (typeof axisNames)[number]

export type Axes = Partial<Record<Axis, AxisWords>>

export function end(
  value: string,
  adjectives: readonly string[],
  adverbs: readonly string[] = [],
  places: readonly string[] = [],
): End {
  return { value, adjectives, adverbs, places }
}

export const pitch: AxisWords = {
  low: end('low', ['low', 'low-pitched', 'deep'], ['at a low pitch']),
  high: end('high', ['high', 'high-pitched'], ['at a high pitch']),
}

export const rate: AxisWords = {
  low: end('slow', ['slow', 'unhurried'], ['slowly', 'at a slow pace']),
  high: end('fast', ['fast', 'quick', 'rapid'], ['fast', 'quickly', 'rapidly', 'at a fast pace']),
}

export const decay: AxisWords = {
  low: end('short', ['short', 'damped'], [], ['with a short ring']),
  high: end('long', ['long', 'lingering'], [], ['with a long ring']),
}

export const distance: AxisWords = {
  low: end('near', ['nearby', 'close'], [], ['nearby', 'close by', 'very near', 'right here']),
  high: end(
    'far',
    ['distant', 'faraway', 'far-off'],
    [],
    ['far away', 'in the distance', 'a long way off'],
  ),
}

/** For what is heard indoors. */
export const space: AxisWords = {
  low: end('dry', [], [], ['without any echo', 'in a small dry room']),
  high: end(
    'echoing',
    ['echoing'],
    [],
    ['in a large hall', 'with a long echo', 'in an empty hall'],
  ),
}
