/**
 * Which archives make a libtorch, and the SHA-256 that each must have. What has another is never
 * unpacked; the only way around is a hash given by hand.
 */

export interface PinnedArchive {
  /** Where it is published. On a mirror it has the same path. */
  host: string
  path: string
  sha256: string
  bytes: number
  licence: string
}

export interface PinnedLibtorch {
  /** As build-version in the archive says it. */
  version: string
  /** What it takes unpacked, rounded up: to refuse a disk that is too small before the download. */
  unpackedBytes: number
  /** libtorch itself first. */
  archives: PinnedArchive[]
}

export type LibtorchVariant = 'cpu' | 'cuda'

const pytorch = 'https://download.pytorch.org'
const bsd = 'BSD-3-Clause (PyTorch); parts of it have licences of their own'
const eula = 'NVIDIA CUDA Toolkit EULA (proprietary)'
const cudnn = 'NVIDIA cuDNN licence (proprietary)'
const cusparselt = 'NVIDIA cuSPARSELt licence (proprietary)'
const nccl = 'BSD-3-Clause (NCCL)'

/** A wheel, which is a zip file, as NVIDIA publishes it on the Python package index. */
function nvidia(
  folder: string,
  name: string,
  sha256: string,
  bytes: number,
  licence: string,
): PinnedArchive {
  const path = `packages/${folder}/${name}`
  return { host: 'https://files.pythonhosted.org', path, sha256, bytes, licence }
}

/** What libtorch for CUDA 13.0 links to and does not bring: the versions that PyTorch asks for. */
const cuda13: PinnedArchive[] = [
  nvidia(
    '2e/24/d1558f3b68b1d26e706813b1d10aa1d785e4698c425af8db8edc3dced472',
    'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    2_243_632,
    eula,
  ),
  nvidia(
    '33/6d/737d164b4837a9bbd202f5ae3078975f0525a55730fe871d8ed4e3b952b0',
    'nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl',
    '4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8',
    10_715_597,
    eula,
  ),
  nvidia(
    'c3/68/483a78f5e8f31b08fb1bb671559968c0ca3a065ac7acabfc7cee55214fd6',
    'nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
    90_215_200,
    eula,
  ),
  nvidia(
    '56/7a/123e033aaff487c77107195fa5a2b8686795ca537935a24efae476c41f05',
    'nvidia_nvjitlink-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b',
    40_713_933,
    eula,
  ),
  nvidia(
    '3b/cd/154ca20c38269e05eff77c1464e6c1da89f50a6390b565e9d82e06bc11e1',
    'nvidia_cublas-13.1.1.3-py3-none-manylinux_2_27_x86_64.whl',
    '37936a16db8fe4ac1f065c2139360608a543a09275cb1a1af612e08cfa065436',
    423_138_758,
    eula,
  ),
  nvidia(
    'a8/2f/7b57e29836ea8714f81e9898409196f47d772d5ddedddf1592eadb8ab743',
    'nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3',
    214_085_489,
    eula,
  ),
  nvidia(
    '3f/70/4f193de89a48b71714e74602ee14d04e4019ad36a5a9f20c425776e72cd6',
    'nvidia_cufile-1.15.1.6-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44',
    1_223_672,
    eula,
  ),
  nvidia(
    'a5/9f/be0a41ca4a4917abf5cb9ae0daff1a6060cc5de950aec0396de9f3b52bc5',
    'nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
    '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    59_544_258,
    eula,
  ),
  nvidia(
    '5f/67/cba3777620cdacb99102da4042883709c41c709f4b6323c10781a9c3aa34',
    'nvidia_cusolver-12.0.4.66-py3-none-manylinux_2_27_x86_64.whl',
    '0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112',
    200_941_980,
    eula,
  ),
  nvidia(
    'fa/18/623c77619c31d62efd55302939756966f3ecc8d724a14dab2b75f1508850',
    'nvidia_cusparse-12.6.3.3-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b',
    145_942_937,
    eula,
  ),
  nvidia(
    '6e/5e/edb9c0ae051602c3ccaffe424256463636d639e27d7f302dde9975ef9e7a',
    'nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl',
    '0c45dd8eeb50b603f07995b1b300c62ffe6a1980482b82b3bcf94a4ca9d49304',
    366_173_588,
    cudnn,
  ),
  nvidia(
    '34/7d/2661f2fb3ac4302f3a246f5fc030213ac60c1fe0bce84f9783dbd831dbb7',
    'nvidia_cusparselt_cu13-0.8.1-py3-none-manylinux2014_x86_64.whl',
    '786ce87568c303fadb5afcc7102d454cd3040d75f6f8626f5db460d1871f4dd0',
    170_148_586,
    cusparselt,
  ),
  nvidia(
    '67/f4/58e4e91b6919367c7aafb8e36fce9aad1a3047e536bf7e2fd560927d3a4c',
    'nvidia_nccl_cu13-2.29.7-py3-none-manylinux_2_18_x86_64.whl',
    'edd81538446786ec3b73972543e53bb43bcaf0bfc8ef76cb679fcc390ffe136d',
    205_976_000,
    nccl,
  ),
  nvidia(
    '3c/35/a9bf80a609e74e3b000fef598933235c908fcefcef9026042b8e6dfde2a9',
    'nvidia_nvshmem_cu13-3.4.5-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80',
    60_412_546,
    eula,
  ),
]

/**
 * By platform, as Node names it, and variant.
 *
 * The two archives of download.pytorch.org were NOT downloaded when these hashes were written down:
 * the host could not be reached. SHA-256 and size are those that independent public projects pin for
 * the same address, and on which they agree. A wrong one can do no harm but refuse the archive. Those
 * of NVIDIA are the index's own; cuda_runtime, cuda_cupti and cufile were downloaded and compared.
 */
const pins: Record<string, Record<LibtorchVariant, PinnedLibtorch>> = {
  'linux-x64': {
    cpu: {
      version: '2.13.0+cpu',
      unpackedBytes: 480_000_000,
      archives: [
        {
          host: pytorch,
          path: 'libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip',
          sha256: 'edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e',
          bytes: 126_385_248,
          licence: bsd,
        },
      ],
    },
    cuda: {
      version: '2.13.0+cu130',
      unpackedBytes: 3_900_000_000,
      archives: [
        {
          host: pytorch,
          path: 'libtorch/cu130/libtorch-shared-with-deps-2.13.0%2Bcu130.zip',
          sha256: '945c5a3d946a28b387ad9dc9fddda7ba03e35fae1375b84ebff15df789436f82',
          bytes: 500_687_821,
          licence: bsd,
        },
        ...cuda13,
      ],
    },
  },
}

export function pinnedLibtorch(
  variant: LibtorchVariant,
  platform = `${process.platform}-${process.arch}`,
): PinnedLibtorch | undefined {
  return pins[platform]?.[variant]
}
