/** The example's page in Chromium, its port bridged to the real engine in another process. */
import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { ChromiumPage, findChromium } from '../study/chromium.js'
import { example, root } from './app.js'

const command = findChromium()
if (command === undefined)
  console.warn('test/electron: no chromium here, so the page is not tested')

const kinds: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
}

/** An AudioWorklet needs a secure context, as file: is in Electron and this address in Chromium. */
function serveRenderer(): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    try {
      const path = normalize(join('/', new URL(url, 'http://localhost').pathname))
      const body = readFileSync(join(example, 'renderer', path))
      response.writeHead(200, { 'content-type': kinds[extname(path)] }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

describe.skipIf(command === undefined)('the page', { timeout: 300_000 }, () => {
  let server: Server
  let page: ChromiumPage
  let engine: ChildProcess
  let pump: NodeJS.Timeout
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-page-'))
  const fromEngine: string[] = []
  const toEngine: string[] = []

  beforeAll(async () => {
    compileLibrary()
    server = await serveRenderer()
    page = new ChromiumPage(command as string)
    await page.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`)
    await page.send('Runtime.addBinding', { name: 'toEngine' })
    // The page gets a port as from preload.js; this end of it hands everything on.
    await page.evaluate(`{
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => toEngine(JSON.stringify(data))
      window.fromEngine = (message, base64) => {
        const bytes = base64 && Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
        if (message.type === 'audio') message.samples = new Float32Array(bytes.buffer)
        if (message.type === 'clip') message.wav = bytes
        port1.postMessage(message)
      }
      window.desktop = { drag: (title, wav) => { window.dragged = [title, wav.length] } }
      window.postMessage('engine', '*', [port2])
    }`)
    const script = join(__dirname, 'scripts', 'serve-engine.cjs')
    cpSync(join(example, 'engine.js'), join(folder, 'engine.js'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules', 'audioldm'))
    engine = fork(script, [join(folder, 'engine.js')], { serialization: 'advanced' })
    engine.on('message', (message: Record<string, unknown>) => {
      const { samples, wav, ...rest } = message as { samples?: Float32Array; wav?: Uint8Array }
      fromEngine.push((rest as { type: string }).type)
      const binary = samples
        ? new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
        : wav
      const base64 = binary ? JSON.stringify(Buffer.from(binary).toString('base64')) : 'undefined'
      void page.evaluate(`fromEngine(${JSON.stringify(rest)}, ${base64})`)
    })
    let seen = 0
    pump = setInterval(() => {
      for (; seen < page.events.length; seen++) {
        const { method, params } = page.events[seen]
        if (method !== 'Runtime.bindingCalled') continue
        const message = JSON.parse(params.payload as string)
        toEngine.push(message.type)
        engine.send(message)
      }
    }, 20)
  }, 600_000)

  afterAll(async () => {
    clearInterval(pump)
    engine?.kill()
    await page?.close()
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const statusText = () => page.evaluate(`document.getElementById('status').textContent`)
  const until = (expected: RegExp) =>
    expect.poll(statusText, { timeout: 240_000, interval: 100 }).toMatch(expected)
  const submit = async (values: Record<string, string | number>) => {
    for (const [id, value] of Object.entries(values)) {
      await page.evaluate(
        `document.getElementById('${id}').value = ${JSON.stringify(String(value))}`,
      )
    }
    await page.evaluate(`document.getElementById('order').requestSubmit()`)
  }

  test('is ready when the engine is', async () => {
    await until(/^Ready: .*default$/)
  })

  test('plays while the clip is still being made, then keeps it', async () => {
    await submit({ prompt: '<b>wind</b>', seconds: 2, steps: 2, seed: 7 })
    await until(/^Done$/)
    const chunks = fromEngine.filter((type) => type === 'audio').length
    expect(chunks).toBeGreaterThan(2)
    expect(fromEngine.indexOf('audio')).toBeLessThan(fromEngine.indexOf('clip'))
    // All samples went through the worklet.
    await expect
      .poll(() => page.evaluate('document.body.dataset.played'), { timeout: 60_000 })
      .toBe('32000')
    const clip = `document.querySelector('#clips li')`
    expect(await page.evaluate(`${clip}.querySelector('span').textContent`)).toBe(
      '<b>wind</b>, 2.0 s',
    )
    const duration = `new Promise((resolve) => {
      const sound = ${clip}.querySelector('audio')
      if (sound.duration) resolve(sound.duration)
      else sound.onloadedmetadata = () => resolve(sound.duration)
    })`
    expect(await page.evaluate(duration)).toBe(2)
    await page.evaluate(`${clip}.querySelector('span').dispatchEvent(new DragEvent('dragstart'))`)
    expect(await page.evaluate('window.dragged')).toEqual(['<b>wind</b>', 44 + 2 * 32000])
  })

  test('stops, and is ready for the next', async () => {
    await submit({ prompt: 'rain', seconds: 2, steps: 200, seed: 8 })
    await until(/^Step /)
    await page.evaluate(`document.getElementById('stop').click()`)
    await until(/^Stopped$/)
    expect(toEngine).toEqual(['generate', 'generate', 'abort'])
    expect(await page.evaluate(`document.getElementById('go').disabled`)).toBe(false)
    expect(await page.evaluate(`document.querySelectorAll('#clips li').length`)).toBe(1)
  })

  test('says what the engine refuses', async () => {
    await page.evaluate(`document.getElementById('steps').removeAttribute('max')`)
    await submit({ steps: 100_000 })
    await until(/steps/)
  })

  test('asks nothing of other places, and reports no error', () => {
    const urls = page.events
      .filter(({ method }) => method === 'Network.requestWillBeSent')
      .map(({ params }) => (params.request as { url: string }).url)
    expect(urls.length).toBeGreaterThan(3)
    for (const url of urls) expect(url).toMatch(/^(http:\/\/127\.0\.0\.1:|blob:|data:)/)
    const wrong = page.events.filter(
      ({ method, params }) =>
        method === 'Runtime.exceptionThrown' ||
        (method === 'Log.entryAdded' &&
          (params.entry as { level: string }).level === 'error' &&
          !/favicon/.test(JSON.stringify(params))),
    )
    expect(wrong).toEqual([])
  })
})
