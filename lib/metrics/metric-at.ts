/** A metric by a backbone of its own, such as `kad@passt`: a run can then compare by several. */
import { type BackboneName, backboneNames } from '../backbones/backbone.js'
import { type MetricName, metricNames } from './metric.js'

/** The backbones that have classes. */
export type Classifier = Exclude<BackboneName, 'clap'>

export type MetricAt = `${'fd' | 'kad' | 'kid'}@${BackboneName}` | `${'is' | 'kl'}@${Classifier}`

/** What can be asked for. */
export type AskedMetric = MetricName | MetricAt

const embedded: readonly MetricName[] = ['fd', 'kad', 'kid']
const classified: readonly MetricName[] = ['is', 'kl']

/** Every name that can be asked for, in the order in which they are computed and shown. */
export const askedMetrics: readonly AskedMetric[] = metricNames.flatMap((name) => [
  name,
  ...backboneNames
    .filter((backbone) => serves(name, backbone))
    .map((backbone) => `${name}@${backbone}` as MetricAt),
])

/** Whether it goes by the chosen backbone, or one of its own. */
export function goesByBackbone(name: MetricName): boolean {
  return embedded.includes(name) || classified.includes(name)
}

function serves(name: MetricName, backbone: BackboneName): boolean {
  return goesByBackbone(name) && !(classified.includes(name) && backbone === 'clap')
}

export function partsOf(asked: AskedMetric): { name: MetricName; backbone?: BackboneName } {
  const [name, backbone] = asked.split('@') as [MetricName, BackboneName | undefined]
  return { name, ...(backbone && { backbone }) }
}

/** The same with `@passt` behind every key, or nothing where `backbone` is undefined. */
export function keysAt<T>(
  record: Readonly<Record<string, T>>,
  backbone: BackboneName | undefined,
): Record<string, T> {
  const behind = backbone === undefined ? '' : `@${backbone}`
  return Object.fromEntries(Object.entries(record).map(([key, each]) => [key + behind, each]))
}

/** `klSoftmax@passt` is `klSoftmax` and `@passt`. */
export function splitKey(key: string): { base: string; behind: string } {
  const [base] = key.split('@')
  return { base, behind: key.slice(base.length) }
}
