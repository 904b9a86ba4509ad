/** A headless Chromium, driven through its pipes: no package is needed for it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

type Message = Record<string, unknown>

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Its command, or undefined where there is none. */
export function findChromium(): string | undefined {
  return names.find((name) => spawnSync(name, ['--version']).status === 0)
}

/** One page of it. */
export class ChromiumPage {
  readonly #process: ChildProcess
  readonly #profile = mkdtempSync(join(tmpdir(), 'audioldm-chromium-'))
  readonly #waiting = new Map<number, (message: Message) => void>()
  readonly events: { method: string; params: Message }[] = []
  #session: string | undefined
  #last = 0

  constructor(command: string) {
    const flags = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--autoplay-policy=no-user-gesture-required', '--mute-audio'],
      ...[`--user-data-dir=${this.#profile}`, '--remote-debugging-pipe', 'about:blank'],
    ]
    this.#process = spawn(command, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    let rest = ''
    ;(this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0')
      rest = parts.pop() as string
      for (const part of parts) this.#receive(JSON.parse(part))
    })
  }

  async open(url: string): Promise<void> {
    const { targetInfos } = await this.send('Target.getTargets')
    const page = (targetInfos as Message[]).find(({ type }) => type === 'page') as Message
    const targetId = page.targetId
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    this.#session = sessionId as string
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await this.send(`${domain}.enable`)
    await this.send('Page.navigate', { url })
    while (!this.events.some(({ method }) => method === 'Page.loadEventFired')) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** The value of an expression, awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const how = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', how)
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return (result as Message).value
  }

  async pressTab(): Promise<void> {
    const key = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 }
    await this.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key })
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key })
  }

  async send(method: string, params: Message = {}): Promise<Message> {
    const id = ++this.#last
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve))
    const session = this.#session && { sessionId: this.#session }
    ;(this.#process.stdio[3] as Writable).write(
      `${JSON.stringify({ id, method, params, ...session })}\0`,
    )
    const { result, error } = await answer
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`)
    return result as Message
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill()
    await ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  #receive(message: Message): void {
    const resolve = this.#waiting.get(message.id as number)
    if (resolve) resolve(message)
    else this.events.push(message as { method: string; params: Message })
  }
}
