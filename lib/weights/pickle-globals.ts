import { numpyGlobal } from './pickle-numpy.js'
import { Known, Opaque, PickleDict, PickleError, PickleSequence } from './pickle-values.js'

/** Modules whose functions run, load or reach things. A weights file names them to attack. */
const dangerousModules = new Set(
  `os posix nt posixpath ntpath subprocess sys builtins __builtin__ importlib imp runpy pkgutil
  zipimport pty shutil socket ssl ctypes _ctypes cffi code codeop codecs commands pickle _pickle
  cloudpickle dill joblib marshal shelve operator _operator webbrowser multiprocessing threading
  _thread asyncio concurrent timeit trace pdb bdb profile cProfile pydoc doctest pip setuptools
  distutils venv ensurepip io _io tempfile glob fileinput requests urllib urllib2 urllib3 http
  httpx aiohttp ftplib smtplib telnetlib poplib imaplib xmlrpc signal resource platform gc inspect
  linecache atexit site sqlite3 ast compileall py_compile mmap fcntl nose pytest IPython`.split(
    /\s+/,
  ),
)

/** Submodules that run or load code, of packages that are otherwise harmless. */
const dangerousPrefixes = [
  'torch.hub',
  'torch.serialization',
  'torch.jit',
  'torch.package',
  'torch.utils.cpp_extension',
  'torch.utils.bottleneck',
  'torch.utils.collect_env',
  'torch.utils.data.datapipes',
  'torch._inductor',
  'torch._dynamo',
  'torch.distributed',
  'torch.multiprocessing',
  'torch.fx',
  'torch.ops',
  'torch.classes',
  'torch.testing',
  'torch.onnx',
  'numpy.testing',
  'numpy.f2py',
  'numpy.distutils',
  'numpy.lib',
  'logging.config',
]

/** What any path of attributes leads to when it is an attack. */
const dangerousAttributes = new Set(
  `eval exec execfile compile open input getattr setattr delattr __import__ globals locals vars
  system popen spawn call check_output run load loads save breakpoint
  _load_from_bytes CodeType FunctionType LambdaType`.split(/\s+/),
)

/** Classes of `builtins` that hold data. Everything else there is a function that does something. */
const builtinData = new Set(
  'set frozenset dict list tuple int long float complex bool str unicode bytes bytearray object slice range xrange'.split(
    ' ',
  ),
)

const sequence = (name: string) =>
  new Known(
    name,
    ([items]) => new PickleSequence(items instanceof PickleSequence ? [...items.items] : []),
  )

const known = new Map<string, Known>(
  [
    new Known('collections.OrderedDict', makeDict),
    // The argument is the factory of absent values, of which a file has none.
    new Known('collections.defaultdict', () => new PickleDict()),
    new Known('builtins.dict', makeDict),
    sequence('builtins.list'),
    sequence('builtins.tuple'),
    sequence('builtins.set'),
    sequence('builtins.frozenset'),
    sequence('torch.Size'),
    new Known('_codecs.encode', encodeLatin1),
  ].map((value) => [value.name, value]),
)

/**
 * What a global of no special meaning to PyTorch stands for: a known container, a NumPy
 * constructor, or something opaque. Throws where the name is dangerous, used or not.
 */
export function findCommonGlobal(module: string, name: string): Known | Opaque {
  const full = `${module === '__builtin__' ? 'builtins' : module}.${name}`
  const numpy = numpyGlobal(module, name)
  if (numpy) return numpy
  const value = known.get(full)
  if (value) return value
  refuseDangerous(module, name)
  return new Opaque(full)
}

function refuseDangerous(module: string, name: string): void {
  const data = (module === 'builtins' || module === '__builtin__') && builtinData.has(name)
  if (data || (module === 'builtins' && /^[A-Z]\w*(Error|Exception|Warning)$/.test(name))) return
  const parts = module.split('.')
  const attributes = name.split('.')
  const underTorch = parts[0] === 'torch'
  const dangerous =
    dangerousModules.has(parts[0]) ||
    dangerousPrefixes.some((prefix) => module === prefix || module.startsWith(`${prefix}.`)) ||
    attributes.some((part) => dangerousAttributes.has(part)) ||
    (name.startsWith('__') && module !== 'copyreg' && module !== 'copy_reg') ||
    // A path of attributes walks out of its module: `torch` + `serialization.os.system`.
    (attributes.length > 1 &&
      (underTorch ||
        attributes.some(
          (part) => dangerousModules.has(part.replace(/^_+/, '')) || part.startsWith('__'),
        ))) ||
    // What stands directly in `torch` and is no class is a function.
    (module === 'torch' && !/^[A-Z]/.test(name))
  if (dangerous) {
    throw new PickleError(
      `it names ${JSON.stringify(`${module}.${name}`)}, which has no place in a weights file: ` +
        'loading it elsewhere could run code',
    )
  }
}

/** `OrderedDict()`, or with its items as pairs, as Python 2 wrote it. */
function makeDict(args: unknown[]): PickleDict {
  const dict = new PickleDict()
  const [pairs] = args
  if (pairs instanceof PickleDict) {
    for (const [key, value] of pairs.entries) dict.entries.set(key, value)
  } else if (pairs instanceof PickleSequence) {
    for (const pair of pairs.items) {
      if (!(pair instanceof PickleSequence) || pair.items.length !== 2) {
        throw new PickleError('an OrderedDict of what are not pairs')
      }
      dict.entries.set(pair.items[0], pair.items[1])
    }
  }
  return dict
}

/** Bytes written as text, as protocol 2 has them. */
function encodeLatin1([text, encoding]: unknown[]): Buffer {
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) {
    throw new PickleError('_codecs.encode of something else than latin1 text')
  }
  return Buffer.from(text, 'latin1')
}
