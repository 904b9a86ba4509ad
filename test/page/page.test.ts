/** The page, as it is used in a browser. */
import { readFileSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { measureLoudness } from '../../lib/audio/loudness.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { type SoundServer, serve } from '../../lib/server/serve.js'
import { tinyModel } from '../models'
import { jsonOf } from '../server/client.js'
import {
  compilePage,
  executablePath,
  type Heard,
  launch,
  type Misdeeds,
  openPage,
} from './browser.js'

interface StoredTake {
  samples: Float32Array
  sampleRate: number
  channels?: number
  settings: { prompt: string; seed: number }
  how?: string
}

let model: Model
let server: SoundServer
let browser: Browser
let page: Page & { misdeeds: Misdeeds }

describe.skipIf(executablePath === undefined)('the page', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    compilePage()
    model = await loadModel(tinyModel, { device: 'cpu', threads: 1 })
    server = await serve({ tiny: model }, { port: 0 })
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await model?.dispose()
  })
  beforeEach(async () => {
    page = await openPage(browser, server.url)
    return async () => {
      const { misdeeds } = page
      await page.context().close()
      expect(misdeeds).toEqual({ elsewhere: [], errors: [] })
    }
  })

  /** Fills the form. */
  async function ask(fields: Record<string, string>) {
    const usual = { prompt: 'rain', duration: '1', steps: '2' }
    for (const [id, value] of Object.entries({ ...usual, ...fields })) {
      await page.fill(`#${id}`, value)
    }
  }

  /** Presses and waits until so many takes are there and nothing runs. */
  async function press(button: string, takes: number) {
    await page.click(button)
    await settled(takes)
  }

  async function settled(takes: number) {
    await page
      .locator('#takes > li')
      .nth(takes - 1)
      .waitFor({ timeout: 250_000 })
    await page.locator('#cancel').waitFor({ state: 'hidden' })
    expect(await page.locator('#takes > li').count()).toBe(takes)
    expect(await page.textContent('#failure')).toBe('')
  }

  /** Oldest first. */
  function stored(): Promise<StoredTake[]> {
    return page.evaluate(async () => {
      const done = <T>(asked: IDBRequest<T>) =>
        new Promise<T>((resolve) => {
          asked.onsuccess = () => resolve(asked.result)
        })
      const database = await done(indexedDB.open('audioldm'))
      const takes = await done(database.transaction('takes').objectStore('takes').getAll())
      database.close()
      return takes
    })
  }

  async function dragOver(from: number, to: number) {
    const box = await page.locator('#wave').boundingBox()
    if (!box) throw new Error('there is no picture')
    // Over the spectrogram, below the waveform.
    const y = box.y + box.height * 0.7
    await page.mouse.move(box.x + box.width * from, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * to, y, { steps: 8 })
    await page.mouse.up()
  }

  test('plays sound before the clip is finished, and keeps it', async () => {
    await ask({ prompt: 'rain on a roof', negative: 'music', duration: '6', guidance: '3' })
    await press('#generate', 1)
    const { heard, takes } = await page.evaluate(() => {
      const { heard, takes } = globalThis as unknown as { heard: Heard[]; takes: number[] }
      return { heard, takes }
    })
    console.log(
      `first sound ${(takes[0] - heard[0].at).toFixed(0)} ms before the take was whole, ` +
        `in ${heard.length} pieces`,
    )
    expect(heard.length).toBeGreaterThan(2)
    expect(heard[0].at).toBeLessThan(takes[0])
    expect(heard[0].samples).toBeLessThan(6 * 16000)
    expect(heard.reduce((sum, { samples }) => sum + samples, 0)).toBe(6 * 16000)
    for (const { peak, state } of heard) expect([peak > 0, state]).toEqual([true, 'running'])
    const [take] = await stored()
    expect(take).toMatchObject({
      settings: { prompt: 'rain on a roof', negativePrompt: 'music', guidanceScale: 3, steps: 2 },
    })
    expect(take.samples).toHaveLength(6 * 16000)
    expect(await page.textContent('#take-title')).toBe('rain on a roof')
  })

  test('by the keyboard alone: takes, a seed that is kept, playing, A/B, deleting', async () => {
    await page.focus('#prompt')
    await page.keyboard.type('a bell')
    await ask({ prompt: 'a bell', seed: '77' })
    expect(await page.getAttribute('#lock', 'aria-pressed')).toBe('true')
    await page.focus('#prompt')
    await page.keyboard.press('Control+Enter')
    await settled(1)
    await page.fill('#steps', '3')
    await page.keyboard.press('Control+Enter')
    await settled(2)
    const takes = await stored()
    expect(takes.map(({ settings }) => settings.seed)).toEqual([77, 77])
    expect(takes[0].samples).not.toEqual(takes[1].samples)

    const current = () => page.locator('#takes [aria-current] .details').textContent()
    expect(await current()).toContain('3 steps')
    await page.waitForFunction(() => document.querySelector('#play')?.textContent === 'Play')
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('x')
    await expect.poll(current).toContain('2 steps')
    await page.keyboard.press('x')
    await expect.poll(current).toContain('3 steps')
    await page.keyboard.press('Space')
    await page.waitForFunction(() => document.querySelector('#play')?.textContent === 'Pause')
    await page.waitForFunction(() =>
      /^0\.[1-9]/.test(document.querySelector('#time')?.textContent ?? ''),
    )
    // It goes on playing, where it was.
    await page.keyboard.press('x')
    await expect.poll(current).toContain('2 steps')
    await page.waitForFunction(() => document.querySelector('#play')?.textContent === 'Pause')
    expect(await page.textContent('#time')).not.toMatch(/^0\.0/)

    await page.focus('#takes li:first-child .quiet')
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await stored()).length).toBe(1)
    expect(await page.isVisible('#ab')).toBe(false)
  })

  test('cancels, and the engine is free', async () => {
    await ask({ duration: '10', steps: '1000' })
    await page.click('#generate')
    await page.getByText(/step \d+ of 1000/).waitFor({ timeout: 60_000 })
    expect(await page.isDisabled('#generate')).toBe(true)
    await page.click('#cancel')
    await expect.poll(() => page.textContent('#status')).toBe('Cancelled.')
    const free = async () => (await jsonOf(await fetch(`${server.url}/healthz`))).working
    await expect.poll(free, { timeout: 20_000 }).toBe(0)
    expect(await page.isVisible('#cancel')).toBe(false)
    expect(await stored()).toEqual([])
  })

  test('makes a stretch of the picture anew that was dragged over', async () => {
    await ask({ duration: '2' })
    await press('#generate', 1)
    await dragOver(0.25, 0.5)
    const seconds = [Number(await page.inputValue('#from')), Number(await page.inputValue('#to'))]
    expect(seconds[0]).toBeCloseTo(0.5, 1)
    expect(seconds[1]).toBeCloseTo(1, 1)
    await press('#inpaint', 2)
    const [before, after] = await stored()
    expect(after.how).toBe(`${seconds[0].toFixed(2)} to ${seconds[1].toFixed(2)} s made anew`)
    // What is made anew fades in and out within 20 ms.
    const [start, end] = seconds.map((at, i) => Math.round((at + (i ? 0.025 : -0.025)) * 16000))
    expect(after.samples.slice(0, start)).toEqual(before.samples.slice(0, start))
    expect(after.samples.slice(end)).toEqual(before.samples.slice(end))
    expect(after.samples.slice(start, end)).not.toEqual(before.samples.slice(start, end))
  })

  test('takes a sound that is dropped: to vary it, or for something like it', async () => {
    const tone = Float32Array.from({ length: 16000 }, (_, i) => 0.3 * Math.sin(i / 9))
    const bytes = [...encodeWav(tone, 16000)]
    const transfer = await page.evaluateHandle((wav) => {
      const data = new DataTransfer()
      data.items.add(new File([new Uint8Array(wav)], 'tone.wav', { type: 'audio/wav' }))
      return data
    }, bytes)
    await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer })
    expect(await page.isVisible('#drop-veil')).toBe(true)
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
    expect(await page.isVisible('#drop-veil')).toBe(false)
    expect(await page.textContent('#file-name')).toBe('tone.wav')
    const bodies: { init?: { strength: number }; audioPrompt?: string }[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') bodies.push(request.postDataJSON())
    })
    await ask({ steps: '4' })
    await page.fill('#strength', '0.75')
    await press('#generate', 1)
    await page.check('input[value=like]')
    expect(await page.isVisible('#strength')).toBe(false)
    await press('#generate', 2)
    await page.click('#remove-file')
    expect(await page.isVisible('#file-name')).toBe(false)
    await press('#generate', 3)
    expect(bodies).toMatchObject([
      { init: { audio: expect.any(String), strength: 0.75 } },
      { audioPrompt: expect.any(String) },
      { prompt: 'rain' },
    ])
    const takes = await stored()
    expect(takes.map(({ how }) => how)).toEqual([
      'from tone.wav, 0.75 away',
      'like tone.wav',
      undefined,
    ])
    // A sound that is varied decides how long the take is.
    expect(takes[0].samples).toHaveLength(16000)
  })

  test('makes stereo, a loop and a loudness: what is downloaded is what is played', async () => {
    await ask({ lufs: '-30', seed: '7' })
    await page.check('#stereo')
    await page.check('#loop')
    await press('#generate', 1)
    const [take] = await stored()
    expect(take).toMatchObject({ channels: 2, settings: { channels: 2, loop: true, lufs: -30 } })
    const details = await page.textContent('#take-details')
    for (const word of ['1.00 s', 'stereo', 'loop', '-30 LUFS']) expect(details).toContain(word)

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')])
    const file = readFileSync(await download.path())
    const { channels, sampleRate } = await decodeAudio(file)
    expect([channels.length, channels[0].length]).toEqual([2, 16000])
    expect(measureLoudness(channels, sampleRate).lufs).toBeCloseTo(-30, 1)
    const heard = await page.evaluate(async () => {
      const { played } = globalThis as unknown as { played: HTMLMediaElement[] }
      const { src, loop } = played[played.length - 1]
      return { loop, bytes: [...new Uint8Array(await (await fetch(src)).arrayBuffer())] }
    })
    expect(heard.loop).toBe(true)
    expect(file.equals(Buffer.from(heard.bytes))).toBe(true)

    const options = { prompt: 'rain', durationSeconds: 1, steps: 2, seed: 7 }
    const { audio } = await generate(model, { ...options, channels: 2, loop: true, lufs: -30 })
    expect(Float32Array.from(Object.values(take.samples))).toEqual(await audio[0].toFloat32Array())

    await page.uncheck('#stereo')
    await page.fill('#lufs', '')
    await page.click('#reuse')
    expect(await page.inputValue('#lufs')).toBe('-30')
    expect(await page.isChecked('#stereo')).toBe(true)
    expect(await page.isChecked('#loop')).toBe(true)

    await page.fill('#from', '0.2')
    await page.fill('#to', '0.6')
    await press('#inpaint', 2)
    const [, repaired] = await stored()
    expect(repaired.how).toBe('0.20 to 0.60 s made anew, in one channel')
    expect(Object.values(repaired.samples)).toHaveLength(16000)
    const mean = channels[0].map((value, i) => (value + channels[1][i]) / 2)
    expect(Math.abs(repaired.samples[15000] - mean[15000])).toBeLessThan(1e-4)
  })

  test('has its takes again when it is loaded anew, and downloads them', async () => {
    await ask({ prompt: 'the first' })
    await press('#generate', 1)
    await ask({ prompt: 'the second', count: '2' })
    await press('#generate', 3)
    await page.reload()
    await page.locator('#takes > li').nth(2).waitFor()
    const titles = await page.locator('#takes .title').allTextContents()
    expect(titles).toEqual(['the second', 'the second', 'the first'])
    await page.locator('#takes .open').nth(2).click()
    await page.getByRole('heading', { name: 'the first' }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')])
    const [take] = await stored()
    expect(download.suggestedFilename()).toBe(`the-first-${take.settings.seed}.wav`)
    const wav = readFileSync(await download.path())
    const values = Object.values(take.samples)
    expect(wav.equals(encodeWav(Float32Array.from(values), 16000))).toBe(true)
    await page.click('#reuse')
    expect(await page.inputValue('#prompt')).toBe('the first')
    expect(await page.inputValue('#seed')).toBe(String(take.settings.seed))
  })

  test('says in words what is wrong, and where', async () => {
    const failure = () => page.textContent('#failure')
    await page.click('#generate')
    await expect.poll(failure).toBe('Say what to hear, or give a sound.')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('prompt')
    await ask({ steps: '0' })
    await page.click('#generate')
    await expect.poll(failure).toBe('Steps: give a whole number from 1 to 1000.')
    await ask({ lufs: '3' })
    await page.click('#generate')
    await expect.poll(failure).toBe('Loudness, LUFS: give a number from -70 to 0.')
    await ask({ lufs: '', steps: '2', seed: 'seven' })
    await page.click('#generate')
    await expect.poll(failure).toContain('A seed is a whole number')
    await ask({ seed: '7' })
    await page.setInputFiles('#file', {
      name: 'no.wav',
      mimeType: 'audio/wav',
      buffer: Buffer.from('no'),
    })
    await page.click('#generate')
    await expect.poll(failure, { timeout: 20_000 }).toMatch(/^Your sound is /)
    await page.check('#loop')
    await page.click('#generate')
    await expect.poll(failure).toBe('A sound that is varied has two ends: switch Loop off.')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('loop')
  })

  test('asks for the token of a server that has one, and says when it is gone', async () => {
    const token = 'the-token-of-this-test'
    const own = await serve({ tiny: model }, { port: 0, token })
    const guarded = await openPage(browser, own.url)
    await guarded.getByRole('dialog').waitFor()
    await guarded.fill('#token', token)
    await guarded.keyboard.press('Enter')
    await expect.poll(() => guarded.locator('#model option').allTextContents()).toEqual(['tiny'])
    await own.close()
    await guarded.fill('#prompt', 'rain')
    await guarded.click('#generate')
    await expect
      .poll(() => guarded.textContent('#failure'))
      .toBe('The server cannot be reached. Is it still running?')
    expect(guarded.misdeeds.elsewhere).toEqual([])
    await guarded.context().close()
  })

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ] as const)('is accessible, %s: axe finds nothing, and nothing sticks out', async (_, options) => {
    const own = await openPage(browser, server.url, options)
    const violations = async () => {
      await own.evaluate(axe.source)
      const { violations } = await own.evaluate(() =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(),
      )
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
    }
    expect(await violations()).toEqual([])
    for (const [id, value] of [
      ['#prompt', 'a long prompt with averyveryveryveryveryveryverylongwordinitthatdoesnotbreak'],
      ['#duration', '1'],
      ['#steps', '1'],
      ['#count', '2'],
    ]) {
      await own.fill(id, value)
    }
    await own.click('#generate')
    await own.locator('#takes > li').nth(1).waitFor({ timeout: 250_000 })
    await own.locator('#cancel').waitFor({ state: 'hidden' })
    await own.setInputFiles('#file', {
      name: 'a.wav',
      mimeType: 'audio/wav',
      buffer: Buffer.from('a'),
    })
    expect(await violations()).toEqual([])
    const wider = await own.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(wider).toBe(0)
    // The policy refuses styles of axe's own.
    expect(own.misdeeds.elsewhere).toEqual([])
    await own.context().close()
  })
})
