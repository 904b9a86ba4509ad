import type { Backbone, BackboneDescription } from '../../backbones/backbone.js'
import { openBackbone } from '../../backbones/open.js'
import type { FeatureProtocol } from '../protocol/protocol.js'
import { featureKey, waveformKey } from '../protocol/protocol.js'
import type { Session } from './session.js'

/** A backbone of a run, opened when a clip is met whose features are not cached. */
export class Extractor {
  readonly name: string
  readonly hash: string
  /** Of its features in the cache, beside the hash of a clip's content. */
  readonly key: string
  /** Equal where the same waveforms serve. */
  readonly waveformKey: string
  #opening: Promise<Backbone> | undefined

  constructor(
    private readonly session: Session,
    readonly description: BackboneDescription,
    readonly protocol: FeatureProtocol,
  ) {
    this.name = description.name
    this.hash = description.hash
    const { device, native } = session
    const { hash } = description
    this.waveformKey = waveformKey(protocol)
    this.key = featureKey(protocol, { hash, device, libtorch: native.libtorch.version })
  }

  backbone(): Promise<Backbone> {
    const { native, device, dtype, threads, signal } = this.session
    this.#opening ??= openBackbone(this.description, { native, device, dtype, threads, signal })
    return this.#opening
  }

  async dispose(): Promise<void> {
    const backbone = await this.#opening?.catch(() => undefined)
    await backbone?.dispose()
  }
}
