import { Command } from 'commander'
import { type DoctorReport, doctor } from '../doctor/doctor.js'
import { createOutput } from './output.js'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show what is installed, what works and what does not')
    .option('--json', 'print one JSON document on stdout')
    .action(async (flags: { json?: boolean }) => {
      const report = await doctor()
      createOutput(flags.json === true).result(report, describe(report))
    })
}

function describe(report: DoctorReport): string {
  const { node, addon, libtorch, core, cpu, cuda, archives, models, memory } = report
  const features = Object.entries(cpu.features).filter(([, has]) => has)
  const lines: string[] = [`audioldm ${report.version}`]
  const row = (name: string, text: string, problem: string | null = null) => {
    const [mark, shown] = problem === null ? ['ok', text] : ['!!', problem]
    lines.push(`${mark} ${name.padEnd(9)} ${shown.replaceAll('\n', `\n${' '.repeat(13)}`)}`)
  }
  row('node', `${node.version}, ${node.platform}, glibc ${node.glibc}`, node.problem)
  row('addon', `${addon.path} (for libtorch ${addon.cores.join(', ')})`, addon.problem)
  row('libtorch', `${libtorch.version} in ${libtorch.root} (${libtorch.source})`, libtorch.problem)
  if (libtorch.problem === null) {
    for (const place of libtorch.tried) lines.push(`             passed over: ${place}`)
  }
  row('core', `loads; built with libtorch ${core.buildTorchVersion}`, core.problem)
  row('archives', `${archives.found.length} in ${archives.path}`, archives.problem)
  lines.push(
    `   cpu       ${cpu.model}, ${cpu.threads} threads, ${features.map(([name]) => name).join(' ') || 'no AVX2'}`,
    ...(core.loaded ? describeCpu(report) : []),
    `   memory    ${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`,
    cuda.usable
      ? `   cuda      ${cuda.devices} device(s), driver ${cuda.driver ?? 'unknown'}`
      : `   cuda      not usable: ${cuda.problem}`,
    `   cache     ${models.cacheDir}`,
  )
  for (const { id, path } of models.cached) lines.push(`             ${id} in ${path}`)
  lines.push(
    `   default   ${models.default ?? 'no model in the package; in a clone run: npm run setup'}`,
  )
  lines.push(report.ok ? 'ready to generate' : 'not ready: see the lines marked !!')
  return lines.join('\n')
}

function describeCpu({ core, cpu }: DoctorReport): string[] {
  const bfloat16 = cpu.bfloat16
    ? 'in hardware: the default dtype'
    : 'computed in float32, weights rounded; the default dtype is float32'
  return [
    `             libtorch uses ${core.cpuCapability}, oneDNN ${core.onednnCapability ?? 'unknown'}`,
    `             bfloat16 ${bfloat16}`,
  ]
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
