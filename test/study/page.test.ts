/** The page of a study in a browser. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeStudyReport } from '../../lib/study/report/write-report.js'
import { ChromiumPage, findChromium } from './chromium.js'
import { madeStudy, withSamples } from './made-results.js'

const command = findChromium()

describe.runIf(command !== undefined)('the page of a study, in Chromium', () => {
  const work = mkdtempSync(join(tmpdir(), 'audioldm-page-'))
  let page: ChromiumPage

  beforeAll(async () => {
    await writeStudyReport(withSamples(madeStudy(), work), work, work)
    page = new ChromiumPage(command as string)
    await page.open(pathToFileURL(join(work, 'report.html')).href)
  }, 120_000)

  afterAll(async () => {
    await page.close()
    rmSync(work, { recursive: true })
  })

  test('every player loads and plays, every picture shows', async () => {
    const players = (await page.evaluate(`Promise.all([...document.querySelectorAll('audio')].map(
      async (audio) => {
        await audio.play()
        while (audio.currentTime === 0) await new Promise((resolve) => setTimeout(resolve, 20))
        audio.pause()
        return audio.duration
      }))`)) as number[]
    expect(players.length).toBeGreaterThan(5)
    for (const seconds of players) expect(seconds).toBeCloseTo(1, 2)
    const widths = (await page.evaluate(`Promise.all([...document.images].map(
      async (image) => { await image.decode(); return image.naturalWidth }))`)) as number[]
    expect(widths).toEqual(players.map(() => 460))
  }, 120_000)

  test('every figure is drawn, at a size that can be read', async () => {
    const sizes = (await page.evaluate(`[...document.querySelectorAll('svg.panel')].map((svg) => {
      const { width, height } = svg.getBoundingClientRect()
      return [width, height, svg.querySelectorAll('circle').length]
    })`)) as number[][]
    expect(sizes).toHaveLength(4 * 4 + 4)
    for (const [width, height, points] of sizes) {
      expect(width).toBeGreaterThan(220)
      expect(height).toBeGreaterThan(160)
      expect(points).toBeGreaterThanOrEqual(4)
    }
  })

  test('no request leaves it, and nothing is refused or thrown', () => {
    const urls = page.events
      .filter(({ method }) => method === 'Network.requestWillBeSent')
      .map(({ params }) => (params.request as { url: string }).url)
    expect(urls.filter((url) => !url.startsWith('data:'))).toEqual([
      pathToFileURL(join(work, 'report.html')).href,
    ])
    const problems = page.events.filter(({ method }) =>
      ['Log.entryAdded', 'Runtime.exceptionThrown'].includes(method),
    )
    expect(problems).toEqual([])
  })

  test('the keyboard reaches every link, table, player and folded part, in their order', async () => {
    const wanted = (await page.evaluate(`(() => {
      const all = [...document.querySelectorAll('a, .wide, audio, summary')]
      window.reachable = all.filter((one) => !one.matches('details:not([open]) > :not(summary), details:not([open]) > :not(summary) *'))
      document.activeElement.blur()
      return reachable.length
    })()`)) as number
    expect(wanted).toBeGreaterThan(50)
    const reached: number[] = []
    // A player has parts of its own, which take a Tab each.
    for (let i = 0; i < 8 * wanted && reached[reached.length - 1] !== wanted - 1; i++) {
      await page.pressTab()
      const at = (await page.evaluate('reachable.indexOf(document.activeElement)')) as number
      if (at >= 0 && at !== reached[reached.length - 1]) reached.push(at)
    }
    expect(reached).toEqual(Array.from({ length: wanted }, (_, i) => i))
  }, 120_000)

  test('on a phone nothing but tables is wider than the screen, and text is not small', async () => {
    const phone = { width: 390, height: 844, deviceScaleFactor: 3, mobile: true }
    await page.send('Emulation.setDeviceMetricsOverride', phone)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    const wide = await page.evaluate(`[...document.querySelectorAll('body *')].filter((one) =>
      !one.closest('.wide') && one.getBoundingClientRect().right > 391).length`)
    expect(wide).toBe(0)
    const smallest =
      (await page.evaluate(`Math.min(...[...document.querySelectorAll('p, td, th, li')]
      .filter((one) => one.textContent !== '').map((one) => parseFloat(getComputedStyle(one).fontSize)))`)) as number
    expect(smallest).toBeGreaterThanOrEqual(14)
  })
})
