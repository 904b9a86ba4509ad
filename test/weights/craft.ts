import { crc32, deflateRawSync } from 'node:zlib'

/** Pickles by hand, opcode by opcode, for content that no library would write. */
export const op = {
  start: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  none: Buffer.from('N'),
  emptyDict: Buffer.from('}'),
  setItem: Buffer.from('s'),
  setItems: Buffer.from('u'),
  tuple: Buffer.from('t'),
  emptyTuple: Buffer.from(')'),
  reduce: Buffer.from('R'),
  build: Buffer.from('b'),
  pop: Buffer.from('0'),
  persid: Buffer.from('Q'),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  stackGlobal: (module: string, name: string) =>
    Buffer.concat([text(module), text(name), Buffer.from([0x93])]),
  text,
  int,
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(5, 'X')
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

function int(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(18)
  bytes[0] = 0x8a
  bytes[1] = 16
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 2)
  bytes.writeBigInt64LE(BigInt(value) >> 64n, 10)
  return bytes
}

export interface TensorClaim {
  name?: string
  key?: string
  storage?: string
  numel?: number | bigint
  offset?: number | bigint
  shape?: (number | bigint)[]
  strides?: (number | bigint)[]
}

/** A storage as pickles refer to it. */
export function storage({ key = '0', storage = 'FloatStorage', numel = 4 }: TensorClaim): Buffer {
  return Buffer.concat([
    op.mark,
    text('storage'),
    op.global('torch', storage),
    text(key),
    text('cpu'),
    int(numel),
    op.tuple,
    op.persid,
  ])
}

/** The pickle of a dict with one tensor, with whatever it claims. */
export function tensorPickle(claim: TensorClaim = {}, extra: Buffer[] = []): Buffer {
  const { name = 'a', offset = 0, shape = [2, 2], strides = [2, 1] } = claim
  return Buffer.concat([
    op.start,
    op.emptyDict,
    ...extra,
    text(name),
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    storage(claim),
    int(offset),
    op.mark,
    ...shape.map(int),
    op.tuple,
    op.mark,
    ...strides.map(int),
    op.tuple,
    Buffer.from([0x89]),
    op.global('collections', 'OrderedDict'),
    op.emptyTuple,
    op.reduce,
    op.tuple,
    op.reduce,
    op.setItem,
    op.stop,
  ])
}

export interface ZipEntry {
  name: string
  data: Buffer
  deflate?: boolean
  method?: number
  /** What the central directory says instead of the truth. */
  claims?: Partial<{ crc: number; size: number; compressedSize: number; offset: number }>
  /** What the local header says instead of the truth. */
  local?: Partial<{ name: string; size: number; compressedSize: number; method: number }>
  flags?: number
}

/** A zip file by hand, which may lie about anything. */
export function zip(entries: ZipEntry[], endClaims: Partial<{ count: number }> = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const {
    name,
    data,
    deflate,
    method = deflate ? 8 : 0,
    claims = {},
    local = {},
    flags = 0,
  } of entries) {
    const raw = deflate ? deflateRawSync(data) : data
    const truth = { crc: crc32(data), size: data.length, compressedSize: raw.length, offset: at }
    const header = Buffer.alloc(30)
    const localName = Buffer.from(local.name ?? name)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(flags, 6)
    header.writeUInt16LE(local.method ?? method, 8)
    header.writeUInt32LE(truth.crc, 14)
    header.writeUInt32LE(local.compressedSize ?? truth.compressedSize, 18)
    header.writeUInt32LE(local.size ?? truth.size, 22)
    header.writeUInt16LE(localName.length, 26)
    parts.push(header, localName, raw)
    at += 30 + localName.length + raw.length

    const said = { ...truth, ...claims }
    const centralName = Buffer.from(name)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(flags, 8)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(said.crc, 16)
    central.writeUInt32LE(said.compressedSize, 20)
    central.writeUInt32LE(said.size, 24)
    central.writeUInt16LE(centralName.length, 28)
    central.writeUInt32LE(said.offset, 42)
    directory.push(central, centralName)
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(endClaims.count ?? entries.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, listed, end])
}

/** A PyTorch zip of this pickle and one storage of these bytes. */
export function torchZip(pickle: Buffer, data = Buffer.alloc(16), more: ZipEntry[] = []): Buffer {
  return zip([
    { name: 'archive/data.pkl', data: pickle },
    { name: 'archive/data/0', data },
    ...more,
  ])
}

/** A legacy file of this pickle, storage keys and storage bytes with their count before them. */
export function legacy(
  pickle: Buffer,
  { keys = ['0'], count = 4n, data = Buffer.alloc(16), system = [] as Buffer[] } = {},
): Buffer {
  const magic = Buffer.from('80028a0a6cfc9c46f920 6aa850192e'.replace(' ', ''), 'hex')
  const numel = Buffer.alloc(8)
  numel.writeBigInt64LE(count)
  return Buffer.concat([
    magic,
    Buffer.concat([op.start, int(1001), op.stop]),
    Buffer.concat([
      op.start,
      op.emptyDict,
      ...system,
      text('little_endian'),
      Buffer.from([0x88]),
      op.setItem,
      op.stop,
    ]),
    pickle,
    Buffer.concat([op.start, Buffer.from(']('), ...keys.map(text), Buffer.from('e.')]),
    numel,
    data,
  ])
}
