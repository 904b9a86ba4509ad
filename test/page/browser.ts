/** A real browser, where there is one. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const root = join(__dirname, '..', '..')

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
}

export const executablePath = findChromium()
if (executablePath === undefined) {
  console.log('the page is not tested: there is no chromium on PATH (Debian: apt install chromium)')
}

export function launch(): Promise<Browser> {
  // Its sandbox refuses to be root's.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args })
}

/** Bundles the page anew. */
export function compilePage(): void {
  const program = "import('./scripts/build-page.mjs').then((m) => m.buildPage())"
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: root })
  if (status !== 0) throw new Error(String(stderr))
}

/** What a page did that it should not have. */
export interface Misdeeds {
  /** Requests to anywhere but its server. */
  elsewhere: string[]
  /** Errors of scripts and of the policy. */
  errors: string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page & { misdeeds: Misdeeds }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const misdeeds: Misdeeds = { elsewhere: [], errors: [] }
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (origin !== url && protocol !== 'blob:' && protocol !== 'data:') {
      misdeeds.elsewhere.push(request.url())
    }
  })
  page.on('pageerror', (error) => misdeeds.errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') misdeeds.errors.push(message.text())
  })
  await page.addInitScript(listenIn)
  await page.goto(url)
  return Object.assign(page, { misdeeds })
}

export interface Heard {
  at: number
  samples: number
  peak: number
  state: string
}

/** Runs in the page: notes what is given to the loudspeaker and what is played, and when takes appear in the list. */
function listenIn(): void {
  const heard: Heard[] = []
  const takes: number[] = []
  const played: HTMLMediaElement[] = []
  Object.assign(globalThis, { heard, takes, played })
  const { play } = HTMLMediaElement.prototype
  HTMLMediaElement.prototype.play = function () {
    played.push(this)
    return play.apply(this)
  }
  const { prototype } = AudioBufferSourceNode
  const { start } = prototype
  prototype.start = function (...when) {
    const samples = this.buffer?.getChannelData(0) ?? new Float32Array()
    const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const { state } = this.context
    heard.push({ at: performance.now(), samples: samples.length, peak, state })
    return start.apply(this, when)
  }
  addEventListener('DOMContentLoaded', () => {
    const list = document.querySelector('#takes') as Element
    new MutationObserver(() => takes.push(performance.now())).observe(list, { childList: true })
  })
}
