/** Progress on stderr: a bar on a terminal, else a line now and then. */
import { type Options, SingleBar } from 'cli-progress'

const quietMs = 10_000

export interface Progress {
  update(value: number, total: number, label: string): void
  /** Prints a line without disturbing the bar. */
  note(text: string): void
  stop(): void
}

export function createProgress(
  format: (value: number) => string = String,
  barWidth = 30,
): Progress {
  return process.stderr.isTTY ? barProgress(format, barWidth) : lineProgress(format)
}

function barProgress(format: (value: number) => string, barWidth: number): Progress {
  const options: Options = {
    format: '{bar} {percentage}% | {done} of {all} | {label}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: barWidth,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  }
  let bar: SingleBar | undefined
  const stop = () => {
    bar?.stop()
    bar = undefined
  }
  return {
    update: (value, total, label) => {
      const payload = { done: format(value), all: format(total), label }
      if (!bar) {
        bar = new SingleBar(options)
        bar.start(total, value, payload)
      }
      bar.setTotal(total)
      bar.update(value, payload)
    },
    note: (text) => {
      stop()
      process.stderr.write(`${text}\n`)
    },
    stop,
  }
}

function lineProgress(format: (value: number) => string): Progress {
  let last = Date.now()
  return {
    update: (value, total, label) => {
      if (Date.now() - last < quietMs) return
      last = Date.now()
      process.stderr.write(`${label}: ${format(value)} of ${format(total)}\n`)
    },
    note: (text) => {
      process.stderr.write(`${text}\n`)
    },
    stop: () => {},
  }
}
