/**
 * Every failure of this library is an AudioLDMError with a stable `code` and, where something can
 * be done about it, a `hint` that says what. `docs/errors.md` lists the codes.
 */
export class AudioLDMError extends Error {
  readonly code: string
  readonly hint?: string

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}

/** An option or argument is missing, of the wrong type or out of range. `option` names it. */
export class InvalidOptionError extends AudioLDMError {
  readonly option: string

  constructor(option: string, message: string, hint?: string) {
    super('INVALID_OPTION', `${option}: ${message}`, { hint })
    this.option = option
  }
}

/** A model folder, or a configuration in it, cannot be used. The message names file and field. */
export class InvalidModelError extends AudioLDMError {
  constructor(message: string, hint?: string) {
    super('INVALID_MODEL', message, { hint })
  }
}

/** A weights file is damaged, hostile or does not fit its architecture. `problems` lists all. */
export class InvalidWeightsError extends AudioLDMError {
  readonly problems: string[]

  constructor(message: string, problems: string[] = [], hint?: string) {
    super('INVALID_WEIGHTS', [message, ...problems].join('\n  '), { hint })
    this.problems = problems
  }
}

/** A sound file cannot be read. The message is the reason alone: who reads adds which file. */
export class AudioError extends AudioLDMError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('INVALID_AUDIO', message, options)
  }
}

/** libtorch or the native core cannot be found or loaded. `tried` lists the places looked at. */
export class NativeLoadError extends AudioLDMError {
  readonly tried: string[]

  constructor(
    code: 'LIBTORCH_NOT_FOUND' | 'LIBTORCH_VERSION' | 'ADDON_NOT_BUILT' | 'ADDON_LOAD_FAILED',
    message: string,
    tried: string[] = [],
    hint?: string,
  ) {
    super(code, [message, ...tried].join('\n  '), { hint })
    this.tried = tried
  }
}

/** libtorch could not be installed: the archive did not arrive, is not one, or another is at it. */
export class LibtorchInstallError extends AudioLDMError {
  constructor(
    code: 'LIBTORCH_DOWNLOAD_FAILED' | 'INVALID_LIBTORCH' | 'LIBTORCH_BUSY',
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, options)
  }
}

/** The requested device does not exist or cannot be used here. The message says why. */
export class DeviceUnavailableError extends AudioLDMError {
  constructor(message: string, hint?: string) {
    super('DEVICE_UNAVAILABLE', message, { hint })
  }
}

/** The hub could not be reached, has no such repository, or a download failed. */
export class HubError extends AudioLDMError {
  constructor(
    code: 'HUB_OFFLINE' | 'HUB_NOT_FOUND' | 'HUB_DOWNLOAD_FAILED',
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, options)
  }
}

/** Training diverged: losses or weights are no longer finite numbers. */
export class TrainingError extends AudioLDMError {
  constructor(message: string, hint?: string) {
    super('TRAINING_DIVERGED', message, { hint })
  }
}

/** A result could not be written. Nothing was left half-written. */
export class OutputError extends AudioLDMError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('OUTPUT_FAILED', message, options)
  }
}

/** A server could not begin to listen. */
export class ListenError extends AudioLDMError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('LISTEN_FAILED', message, options)
  }
}

/** A request that a server does not answer, and not for what it asks of a model. */
export class RequestError extends AudioLDMError {
  constructor(
    code:
      | 'BAD_REQUEST'
      | 'UNAUTHORIZED'
      | 'FORBIDDEN'
      | 'NOT_FOUND'
      | 'METHOD_NOT_ALLOWED'
      | 'REQUEST_TIMEOUT'
      | 'TOO_LARGE'
      | 'NOT_JSON'
      | 'BUSY',
    message: string,
    hint?: string,
  ) {
    super(code, message, { hint })
  }
}

/** A disposed model, tensor or audio was used. */
export class DisposedError extends AudioLDMError {
  constructor(what: string) {
    super('DISPOSED', `${what} was disposed and can no longer be used`)
  }
}

/** The job was aborted, through its AbortSignal or `abort()`. */
export class AbortError extends AudioLDMError {
  /** `reason`: of the signal that aborted it; becomes the `cause`. */
  constructor(reason?: unknown, message = 'the job was aborted', hint?: string) {
    super('ABORTED', message, { hint, cause: reason })
  }
}

/** The native engine failed: out of memory, or an operator refused its input. */
export class EngineError extends AudioLDMError {
  constructor(message: string, options: { code?: string; hint?: string; cause?: unknown } = {}) {
    super(options.code ?? 'ENGINE_FAILED', message, options)
  }
}
