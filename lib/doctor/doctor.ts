/** Looks at everything that must be right for this library to run here, and says what is not. */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, cpus, freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { AudioLDMError } from '../errors.js'
import { list, readText } from '../files/look.js'
import { archivesDir, defaultModelDir, packageVersion } from '../files/paths.js'
import { cachedModels, hubCacheDir } from '../hub/cache.js'
import { findLibtorch, type LibtorchSource } from '../native/libtorch.js'
import { findLoader, listCores } from '../native/load.js'
import type { CoreProbe, ProbeAnswer } from './probe.js'

/** Every `problem` is null or a text that says what is wrong and what to do. */
export interface DoctorReport {
  /** Whether models can be loaded on this machine. */
  ok: boolean
  version: string
  node: {
    version: string
    nodeApi: string
    platform: string
    glibc: string | null
    problem: string | null
  }
  addon: {
    path: string | null
    /** libtorch minors that a core was built for. */
    cores: string[]
    problem: string | null
  }
  libtorch: {
    root: string | null
    version: string | null
    source: LibtorchSource | null
    /** Whether it is a CUDA build. */
    cuda: boolean
    tried: string[]
    problem: string | null
  }
  core: {
    loaded: boolean
    /** The libtorch that the core was built with. */
    buildTorchVersion: string | null
    /** The vector instructions that libtorch uses, such as 'AVX512'. */
    cpuCapability: string | null
    /** The same of oneDNN, as it calls them, such as 'Intel AVX2'. */
    onednnCapability: string | null
    problem: string | null
  }
  cpu: {
    model: string
    threads: number
    /**
     * Whether oneDNN multiplies bfloat16 in hardware, by trial: the default dtype where it does.
     * Elsewhere bfloat16 is computed in float32, with weights rounded to bfloat16.
     */
    bfloat16: boolean
    features: Record<'avx2' | 'avx512f' | 'avx512_bf16' | 'amx_bf16', boolean>
  }
  memory: { totalBytes: number; freeBytes: number }
  cuda: {
    usable: boolean
    devices: number
    /** Version of the NVIDIA driver. */
    driver: string | null
    problem: string | null
  }
  archives: { path: string; found: string[]; problem: string | null }
  models: {
    cacheDir: string
    cached: { id: string; path: string }[]
    /** The model that comes with the package, or null when it is not there. */
    default: string | null
  }
}

const probeTimeoutMs = 120_000
const archiveNames = [
  'audio_encoder',
  'cnn14',
  'fusion_audio_encoder',
  'mel_spectrogram',
  'passt',
  'text_encoder',
  'unet',
  'vae_decoder',
  'vae_encoder',
  'vggish',
  'vocoder',
  'wavegram_cnn14',
]

/** The state of this installation. Never throws, and starts one short-lived process. */
export async function doctor(): Promise<DoctorReport> {
  const addon = inspectAddon()
  const libtorch = inspectLibtorch(addon.cores)
  const answer: ProbeAnswer & { onednn?: string } =
    addon.problem !== null || libtorch.problem !== null
      ? { problem: 'not tried, for want of addon or libtorch' }
      : await probeInChild()
  const probe = 'core' in answer ? answer.core : null
  const features = cpuFeatures()
  const archives = inspectArchives()
  const node = inspectNode()
  const cacheDir = hubCacheDir()
  return {
    ok: probe !== null && archives.problem === null && node.problem === null,
    version: version(),
    node,
    addon,
    libtorch,
    core: {
      loaded: probe !== null,
      buildTorchVersion: probe?.buildTorchVersion ?? null,
      cpuCapability: probe?.cpuCapability ?? null,
      onednnCapability: answer.onednn ?? null,
      problem: 'problem' in answer ? answer.problem : null,
    },
    cpu: {
      model: cpus()[0]?.model.trim() ?? 'unknown',
      threads: availableParallelism(),
      bfloat16: probe?.cpuHasBfloat16 ?? false,
      features,
    },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    cuda: inspectCuda(probe, libtorch.cuda),
    archives,
    models: {
      cacheDir,
      cached: cachedModels(cacheDir),
      default: existsSync(join(defaultModelDir(), 'model_index.json')) ? defaultModelDir() : null,
    },
  }
}

function inspectNode(): DoctorReport['node'] {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } }
  const glibc = report?.header?.glibcVersionRuntime ?? null
  const [major, minor] = (glibc ?? '0.0').split('.').map(Number)
  let problem: string | null = null
  if (process.platform !== 'linux') {
    problem = `${process.platform} is not supported: this package runs on Linux`
  } else if (glibc === null) {
    problem = 'this Linux does not use glibc, which libtorch needs: take a Debian-like image'
  } else if (major < 2 || (major === 2 && minor < 28)) {
    problem = `glibc ${glibc} is too old: libtorch needs 2.28`
  }
  return {
    version: process.versions.node,
    nodeApi: process.versions.napi ?? 'unknown',
    platform: `${process.platform}-${process.arch}`,
    glibc,
    problem,
  }
}

function inspectAddon(): DoctorReport['addon'] {
  let path: string | null = null
  try {
    path = findLoader()
    return { path, cores: [...listCores(dirname(path)).keys()], problem: null }
  } catch (error) {
    return { path, cores: [], problem: explain(error) }
  }
}

function inspectLibtorch(cores: string[]): DoctorReport['libtorch'] {
  try {
    const { root, version, source, cuda, tried } = findLibtorch({ minors: cores })
    return { root, version, source, cuda, tried, problem: null }
  } catch (error) {
    const tried = (error as { tried?: string[] }).tried ?? []
    const problem = explain(error)
    return { root: null, version: null, source: null, cuda: false, tried, problem }
  }
}

function inspectCuda(probe: CoreProbe | null, libtorchHasCuda: boolean): DoctorReport['cuda'] {
  const text = readText('/proc/driver/nvidia/version')
  const driver = /Kernel Module\s+(?:for \S+\s+)?(\d[\d.]*)/.exec(text)?.[1] ?? null
  const devices = probe?.cudaDevices ?? 0
  if (devices > 0) return { usable: true, devices, driver, problem: null }
  let problem: string
  if (probe?.cudaProblem) problem = probe.cudaProblem
  else if (probe === null) problem = 'the core is not loaded'
  else if (!libtorchHasCuda) problem = 'this libtorch is a build for the CPU alone'
  else if (process.env.CUDA_VISIBLE_DEVICES !== undefined) {
    problem = `libtorch sees no device, with CUDA_VISIBLE_DEVICES=${process.env.CUDA_VISIBLE_DEVICES}`
  } else problem = 'libtorch sees no device: the driver may be too old for this build of libtorch'
  return { usable: false, devices, driver, problem }
}

function inspectArchives(): DoctorReport['archives'] {
  const path = archivesDir()
  const found = list(path)
    .filter((name) => name.endsWith('.pt'))
    .map((name) => name.slice(0, -'.pt'.length))
    .sort()
  const missing = archiveNames.filter((name) => !found.includes(name))
  const problem =
    missing.length === 0 ? null : `missing: ${missing.join(', ')}; in a clone run: npm run setup`
  return { path, found, problem }
}

/** x86 flags as the kernel lists them; all false elsewhere. */
function cpuFeatures(): DoctorReport['cpu']['features'] {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readText('/proc/cpuinfo'))?.[1].split(/\s+/))
  return {
    avx2: flags.has('avx2'),
    avx512f: flags.has('avx512f'),
    avx512_bf16: flags.has('avx512_bf16'),
    amx_bf16: flags.has('amx_bf16'),
  }
}

/** Its answer, and what oneDNN, asked to be verbose, prints of itself. */
function probeInChild(): Promise<ProbeAnswer & { onednn?: string }> {
  return new Promise((resolve) => {
    const child = fork(join(__dirname, 'probe.js'), {
      execArgv: [],
      env: { ...process.env, ONEDNN_VERBOSE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      timeout: probeTimeoutMs,
      killSignal: 'SIGKILL',
    })
    let answer: ProbeAnswer | undefined
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk) => {
      stdout = (stdout + chunk).slice(0, 10_000)
    })
    child.stderr?.on('data', (chunk) => {
      stderr = (stderr + chunk).slice(-2000)
    })
    child.on('message', (message) => {
      answer = message as ProbeAnswer
    })
    child.on('error', (error) => resolve({ problem: `the probe cannot start: ${error.message}` }))
    child.on('close', (code, signal) => {
      const end = signal === null ? `ended with code ${code}` : `was killed by ${signal}`
      const found = answer ?? {
        problem: `the process that loads the core ${end}\n${stderr}`.trim(),
      }
      resolve({ ...found, onednn: /,cpu,isa:(.*)$/m.exec(stdout)?.[1].trim() })
    })
  })
}

function explain(error: unknown): string {
  const hint = error instanceof AudioLDMError && error.hint ? `\n${error.hint}` : ''
  return `${(error as Error).message}${hint}`
}

function version(): string {
  try {
    return packageVersion()
  } catch {
    return 'unknown'
  }
}
