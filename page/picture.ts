/** Waveform and spectrogram of a take, where it plays, and what stretch of it is chosen. */
import WaveSurfer from 'wavesurfer.js'
import RegionsPlugin, { type Region } from 'wavesurfer.js/dist/plugins/regions.js'
import SpectrogramPlugin from 'wavesurfer.js/dist/plugins/spectrogram.js'
import { colormap } from '../lib/audio/colormap.js'
import { byId } from './dom.js'
import { channelsOf, secondsOf, type Take, toWav } from './take.js'

type Regions = ReturnType<typeof RegionsPlugin.create>

export interface PictureListener {
  onTime(seconds: number): void
  onPlaying(): void
  onStretch(stretch: [number, number] | undefined): void
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content
const colors = colormap()
const colorMap = Array.from({ length: 256 }, (_, i) => [
  colors[3 * i] / 255,
  colors[3 * i + 1] / 255,
  colors[3 * i + 2] / 255,
  1,
])

export class Picture {
  readonly #listener: PictureListener
  #wave: WaveSurfer | undefined
  #regions: Regions | undefined
  #take: Take | undefined
  #url = ''

  constructor(listener: PictureListener) {
    this.#listener = listener
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', () => this.#take && this.show(this.#take, this.time))
  }

  get time(): number {
    return this.#wave?.getCurrentTime() ?? 0
  }

  get playing(): boolean {
    return this.#wave?.isPlaying() ?? false
  }

  /** Shows a take, from `time` on, and plays it if wanted. */
  async show(take: Take, time = 0, play = false): Promise<void> {
    this.clear()
    this.#take = take
    const { sampleRate } = take
    const seconds = secondsOf(take)
    this.#regions = RegionsPlugin.create()
    const wave = WaveSurfer.create({
      container: byId('div', 'wave'),
      height: 72,
      sampleRate,
      waveColor: color('--wave'),
      progressColor: color('--accent'),
      cursorColor: color('--cursor'),
      cursorWidth: 2,
      normalize: true,
      ...(nonce && { cspNonce: nonce }),
      plugins: [this.#regions, this.#spectrogram(sampleRate)],
    })
    this.#wave = wave
    wave.on('timeupdate', (seconds) => this.#listener.onTime(seconds))
    wave.on('play', () => this.#listener.onPlaying())
    wave.on('pause', () => this.#listener.onPlaying())
    wave.on('finish', () => this.#listener.onPlaying())
    this.#followRegions(this.#regions)
    this.#url = URL.createObjectURL(new Blob([toWav(take)], { type: 'audio/wav' }))
    const player = wave.getMediaElement()
    if (player) player.loop = take.settings.loop === true
    await wave.load(this.#url, channelsOf(take), seconds)
    if (wave !== this.#wave) return
    if (time > 0) wave.setTime(Math.min(time, seconds))
    this.#listener.onTime(time)
    if (play) await wave.play()
  }

  clear(): void {
    this.#wave?.destroy()
    this.#wave = undefined
    URL.revokeObjectURL(this.#url)
    this.#listener.onPlaying()
    this.#listener.onStretch(undefined)
  }

  async playPause(): Promise<void> {
    await this.#wave?.playPause()
  }

  pause(): void {
    this.#wave?.pause()
  }

  /** Marks a stretch that was typed. */
  mark([start, end]: [number, number]): void {
    const region = this.#regions?.getRegions()[0]
    if (region) region.setOptions({ start, end })
    else this.#regions?.addRegion({ start, end, color: color('--stretch') })
  }

  #spectrogram(sampleRate: number): SpectrogramPlugin {
    return SpectrogramPlugin.create({
      height: 180,
      fftSamples: 512,
      frequencyMin: 0,
      frequencyMax: sampleRate / 2,
      scale: 'mel',
      gainDB: 20,
      rangeDB: 80,
      colorMap,
      labels: true,
      labelsColor: '#ffffff',
      labelsHzColor: '#ffffff',
      labelsBackground: 'rgba(0, 0, 0, 0.35)',
    })
  }

  #followRegions(regions: Regions): void {
    regions.enableDragSelection({ color: color('--stretch') })
    regions.on('region-created', (region: Region) => {
      for (const other of regions.getRegions()) if (other !== region) other.remove()
      this.#listener.onStretch([region.start, region.end])
    })
    regions.on('region-updated', ({ start, end }) => this.#listener.onStretch([start, end]))
  }
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
