import {
  isBuildable,
  Known,
  Opaque,
  PickleDict,
  PickleError,
  PickleSequence,
  PickleTruncated,
} from './pickle-values.js'

/** Bytes one pickle stream may have: the largest real ones stay below a megabyte. */
export const MAX_PICKLE_BYTES = 64 << 20

/** Opcodes one pickle may run: each may allocate an object, a real one has some 100,000. */
const MAX_STEPS = 4_000_000

/** Python's own longest integers in weights are 8 bytes; this stops quadratic conversions. */
const MAX_INTEGER_BYTES = 1024

export interface PickleWorld {
  /** What a global stands for. Throws PickleError where a name is dangerous. */
  findGlobal(module: string, name: string): unknown
  /** What a persistent id, as PyTorch's storages have, stands for. */
  persistentLoad(id: unknown): unknown
}

/**
 * Reads one pickle of protocol 2 to 5 from `bytes` at `start` and gives its value and where it
 * ends. It is a machine with a stack, never recursive, that executes nothing: calls of unknown
 * globals give opaque values.
 */
export function readPickle(
  bytes: Buffer,
  start: number,
  world: PickleWorld,
): { value: unknown; end: number } {
  return new Machine(bytes, start, world).run()
}

class Machine {
  private stack: unknown[] = []
  /** The stacks below the marks. */
  private readonly below: unknown[][] = []
  private readonly memo = new Map<number, unknown>()

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly world: PickleWorld,
  ) {}

  run(): { value: unknown; end: number } {
    if (this.byte() !== 0x80) throw new PickleError('it is not a pickle of protocol 2 or later')
    const protocol = this.byte()
    if (protocol < 2 || protocol > 5) throw new PickleError(`pickle protocol ${protocol}`)
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const opcode = this.byte()
      if (opcode === 0x2e) return { value: this.pop(), end: this.at }
      this.step(opcode)
    }
    throw new PickleError(`more than ${MAX_STEPS} pickle operations`)
  }

  private step(opcode: number): void {
    switch (opcode) {
      case 0x28: // MARK
        this.below.push(this.stack)
        this.stack = []
        return
      case 0x30: // POP
        if (this.stack.length === 0) this.popMark()
        else this.stack.pop()
        return
      case 0x31: // POP_MARK
        this.popMark()
        return
      case 0x32: // DUP
        this.stack.push(this.top())
        return
      case 0x4e: // NONE
        this.stack.push(null)
        return
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.stack.push(opcode === 0x88)
        return
      case 0x4a: // BININT
        this.stack.push(this.take(4).readInt32LE())
        return
      case 0x4b: // BININT1
        this.stack.push(this.byte())
        return
      case 0x4d: // BININT2
        this.stack.push(this.take(2).readUInt16LE())
        return
      case 0x8a: // LONG1
        this.stack.push(this.integer(this.byte()))
        return
      case 0x8b: // LONG4
        this.stack.push(this.integer(this.take(4).readInt32LE()))
        return
      case 0x47: // BINFLOAT
        this.stack.push(this.take(8).readDoubleBE())
        return
      case 0x8c: // SHORT_BINUNICODE
        this.stack.push(this.text(this.byte()))
        return
      case 0x58: // BINUNICODE
        this.stack.push(this.text(this.take(4).readUInt32LE()))
        return
      case 0x8d: // BINUNICODE8
        this.stack.push(this.text(this.length8()))
        return
      case 0x43: // SHORT_BINBYTES
        this.stack.push(this.take(this.byte()))
        return
      case 0x42: // BINBYTES
        this.stack.push(this.take(this.take(4).readUInt32LE()))
        return
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.stack.push(this.take(this.length8()))
        return
      case 0x55: // SHORT_BINSTRING, text of Python 2
        this.stack.push(this.take(this.byte()).toString('latin1'))
        return
      case 0x54: // BINSTRING
        this.stack.push(this.take(this.take(4).readInt32LE()).toString('latin1'))
        return
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        this.stack.push(new PickleSequence())
        return
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.stack.push(new PickleSequence(this.popMany(opcode - 0x84)))
        return
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        this.collect()
        return
      case 0x61: // APPEND
        this.extend([this.pop()])
        return
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.extend(this.popMark())
        return
      case 0x7d: // EMPTY_DICT
        this.stack.push(new PickleDict())
        return
      case 0x64: // DICT
        this.dict()
        return
      case 0x73: // SETITEM
        this.setItems(this.popMany(2))
        return
      case 0x75: // SETITEMS
        this.setItems(this.popMark())
        return
      case 0x71: // BINPUT
        this.memo.set(this.byte(), this.top())
        return
      case 0x72: // LONG_BINPUT
        this.memo.set(this.take(4).readUInt32LE(), this.top())
        return
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top())
        return
      case 0x68: // BINGET
        this.get(this.byte())
        return
      case 0x6a: // LONG_BINGET
        this.get(this.take(4).readUInt32LE())
        return
      case 0x63: // GLOBAL
        this.stack.push(this.world.findGlobal(this.line(), this.line()))
        return
      case 0x93: // STACK_GLOBAL
        this.stackGlobal()
        return
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.call(this.popMany(2))
        return
      case 0x92: // NEWOBJ_EX, its keyword arguments dropped
        this.call(this.popMany(3).slice(0, 2))
        return
      case 0x62: // BUILD
        this.build(this.pop())
        return
      case 0x51: // BINPERSID
        this.stack.push(this.world.persistentLoad(this.pop()))
        return
      case 0x95: // FRAME, of no use to a reader that has the bytes
        this.length8()
        return
      default:
        throw new PickleError(refusal(opcode))
    }
  }

  private dict(): void {
    const items = this.popMark()
    this.stack.push(new PickleDict())
    this.setItems(items)
  }

  private collect(): void {
    const items = this.popMark()
    this.stack.push(new PickleSequence(items))
  }

  /** Adds to a sequence; what is added to an opaque object is dropped. */
  private extend(items: unknown[]): void {
    const target = this.top()
    if (target instanceof PickleSequence) {
      for (const item of items) target.items.push(item)
    } else if (!(target instanceof Opaque)) throw new PickleError('items for what is not a list')
  }

  private setItems(items: unknown[]): void {
    const target = this.top()
    if (items.length % 2 !== 0) throw new PickleError('a key without a value')
    if (target instanceof PickleDict) {
      for (let i = 0; i < items.length; i += 2) target.entries.set(items[i], items[i + 1])
    } else if (!(target instanceof Opaque)) throw new PickleError('entries for what is not a dict')
  }

  private get(index: number): void {
    if (!this.memo.has(index)) throw new PickleError(`memo ${index} was never set`)
    this.stack.push(this.memo.get(index))
  }

  private stackGlobal(): void {
    const [module, name] = this.popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new PickleError('a global whose name is not text')
    }
    this.stack.push(this.world.findGlobal(module, name))
  }

  private call([callee, args]: unknown[]): void {
    if (!(args instanceof PickleSequence)) throw new PickleError('a call without arguments')
    if (callee instanceof Known) this.stack.push(callee.apply(args.items))
    else if (callee instanceof Opaque) this.stack.push(new Opaque(callee.name))
    else throw new PickleError('a call of what is neither a class nor a function')
  }

  private build(state: unknown): void {
    const target = this.top()
    if (isBuildable(target)) target.setState(state)
  }

  private top(): unknown {
    if (this.stack.length === 0) throw new PickleError('the pickle takes from an empty stack')
    return this.stack[this.stack.length - 1]
  }

  private pop(): unknown {
    const value = this.top()
    this.stack.pop()
    return value
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length < count) throw new PickleError('the pickle takes from an empty stack')
    return this.stack.splice(this.stack.length - count)
  }

  private popMark(): unknown[] {
    const items = this.stack
    const below = this.below.pop()
    if (!below) throw new PickleError('a mark is missing')
    this.stack = below
    return items
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw new PickleTruncated()
    return this.bytes[this.at++]
  }

  private take(length: number): Buffer {
    if (length < 0) throw new PickleError('a negative length')
    if (length > this.bytes.length - this.at) throw new PickleTruncated()
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  private length8(): number {
    const length = this.take(8).readBigUInt64LE()
    if (length > MAX_PICKLE_BYTES) throw new PickleError(`an item of ${length} bytes`)
    return Number(length)
  }

  private text(length: number): string {
    return this.take(length).toString('utf8')
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw new PickleTruncated()
    const text = this.bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return text
  }

  /** A little-endian two's complement integer: a number where that is exact, else a bigint. */
  private integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw new PickleError(`an integer of ${length} bytes`)
    const bytes = this.take(length)
    if (length === 0) return 0
    const hex = Buffer.from(bytes).reverse().toString('hex')
    const value = BigInt.asIntN(length * 8, BigInt(`0x${hex}`))
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
}

function refusal(opcode: number): string {
  if (opcode >= 0x82 && opcode <= 0x84) return 'it uses the extension registry'
  if (opcode === 0x97 || opcode === 0x98) return 'it refers to out-of-band buffers'
  if (opcode === 0x80) return 'a second protocol marker'
  const code = opcode.toString(16).padStart(2, '0')
  return `the operation 0x${code} has no place in a weights file of protocol 2 to 5`
}
