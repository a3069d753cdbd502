import { envSchema } from 'env-schema'
import { type Static, type TObject, Type } from 'typebox'
import type { Limits } from './access/limits.ts'

const WEB_ADDRESS = '^https?://[^\\s/]+(/\\S*)?$'

/** The settings that every service has; a service adds its own. */
export const commonSettings = {
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** The file of the service's identity: passwords and tokens are in no setting (packages/identities). */
  CREDENTIALS_FILE: Type.String({ minLength: 1 }),
  /** Whose token is whose, as hashes (access/callers.ts). */
  CALLERS_FILE: Type.String({ minLength: 1 }),
  /** Who has used a control route (access/audit-log.ts). */
  AUDIT_FILE: Type.String({ minLength: 1 }),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], { default: 'info' }),
  /**
   * Names by which clients reach the service, besides those of the loopback interface: what Host may say, separated by
   * commas, without ports.
   */
  ALLOWED_HOSTS: Type.Unsafe<readonly string[]>(Type.String({ default: '', separator: ',' })),
  /** How long it answers after readiness has ended. Longer than a load balancer takes to see that. */
  DRAIN_MS: Type.Integer({ minimum: 0, maximum: 5_000, default: 200 }),
  /** OpenTelemetry's own switch: its SDK reads it too, so that both must mean the same. */
  OTEL_SDK_DISABLED: Type.Boolean({ default: false }),
  /**
   * Where spans are sent, separated by commas, by OpenTelemetry's own names: `zipkin`, `otlp`, `none`. OTLP's endpoint, headers
   * and the like are in OTEL_EXPORTER_OTLP_ENDPOINT and its sisters, which its exporter reads itself.
   */
  OTEL_TRACES_EXPORTER: Type.String({
    pattern: '^(none|(zipkin|otlp)(,(zipkin|otlp))*)$',
    default: 'none',
  }),
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: Type.String({
    pattern: WEB_ADDRESS,
    default: 'http://127.0.0.1:9411/api/v2/spans',
  }),
  /** Of the traces that begin here, how many are recorded; more are not, whatever the client asks for. */
  TRACES_PER_SECOND: Type.Integer({ minimum: 0, maximum: 10_000, default: 2 }),
}

/**
 * Limits by client (access/limits.ts). The defaults are more than one process can answer, or more than any customer does, so
 * they never limit a client that waits for its answers. Set them lower where clients are not trusted.
 */
export const rateLimitSettings = {
  RATE_LIMIT_REQUESTS: Type.Integer({ minimum: 1, default: 100_000 }),
  RATE_LIMIT_KNOWN_REQUESTS: Type.Integer({ minimum: 1, default: 1_000_000 }),
  RATE_LIMIT_CUSTOMER_WRITES: Type.Integer({ minimum: 1, default: 20_000 }),
  RATE_LIMIT_WINDOW_MS: Type.Integer({ minimum: 1_000, maximum: 3_600_000, default: 10_000 }),
}

/** The address of a database with the role, and without its password, which is in CREDENTIALS_FILE. */
export const databaseSetting = Type.String({ pattern: '^postgres://[^:@/\\s]+@[^@\\s]+$' })

const BROKER = '(\\[[0-9a-f:.]+\\]|[^\\s,:/]+):\\d{1,5}'

/** Each `host:port`, separated by commas. */
export const brokersSetting = Type.String({
  pattern: `^${BROKER}(,${BROKER})*$`,
})

export const webAddressSetting = Type.String({ pattern: WEB_ADDRESS })

/** As DuckDB understands it. */
export const memorySetting = (usual: string) =>
  Type.String({ pattern: '^[1-9]\\d{0,6}(MB|GB)$', default: usual })

const DAY_MS = 86_400_000
/** A hundred years: no time of Postgres or JavaScript ends within that. */
const LONGEST_MS = 36_500 * DAY_MS

/** For how long something is kept or looked for, back from now. */
export const lifeSetting = ({ least, usual }: { readonly least: number; readonly usual: number }) =>
  Type.Integer({ minimum: least, maximum: LONGEST_MS, default: usual })

/** How long a store recognises a redelivered event by its inbox: docs/retention.md. */
export const inboxSettings = {
  /** At least the day in which consumers redeliver and operators replay; an older repeat is known by its stream's state. */
  INBOX_LIFE_MS: lifeSetting({ least: DAY_MS, usual: 7 * DAY_MS }),
}

/** The limits that the settings name. */
export function limitsOf(settings: Static<TObject<typeof rateLimitSettings>>): Limits {
  return {
    maxRequests: settings.RATE_LIMIT_REQUESTS,
    maxKnownRequests: settings.RATE_LIMIT_KNOWN_REQUESTS,
    maxCustomerWrites: settings.RATE_LIMIT_CUSTOMER_WRITES,
    windowMs: settings.RATE_LIMIT_WINDOW_MS,
  }
}

/** How long a client may repeat a request. */
export const idempotencySettings = {
  /** At least the day that clients are promised (idempotency.ts). */
  IDEMPOTENCY_KEY_LIFE_MS: lifeSetting({ least: DAY_MS, usual: 7 * DAY_MS }),
}

/** Invalid settings. The message lists every mistake, one per line. */
export class SettingsError extends Error {
  readonly code = 'SETTINGS_INVALID'
  readonly retriable = false
}

/**
 * Reads the settings of a process from its environment, once, at its start.
 *
 * @returns one frozen object with exactly the schema's properties, numbers converted.
 * @throws SettingsError with all mistakes at once, so that they need not be found one start at a time.
 */
export function readSettings<Schema extends TObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Static<Schema>> {
  try {
    const settings = envSchema<Static<Schema>>({ schema, data: { ...environment }, env: false })
    refuseEndless(settings)
    return Object.freeze(settings)
  } catch (error) {
    if (!isValidationFailure(error)) throw error
    throw new SettingsError(`invalid settings:\n${error.errors.map(mistake).join('\n')}`)
  }
}

/** Ajv takes `Infinity` for a whole number that is within every bound, and a timer takes it for no time at all. */
function refuseEndless(settings: object): void {
  const endless = Object.entries(settings).filter(
    ([, value]) => typeof value === 'number' && !Number.isFinite(value),
  )
  if (endless.length === 0) return
  const mistakes = endless.map(([name]) => `  ${name}: must be a number with an end`)
  throw new SettingsError(`invalid settings:\n${mistakes.join('\n')}`)
}

type ValidationFailure = Error & { errors: readonly AjvError[] }
type AjvError = {
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

function isValidationFailure(error: unknown): error is ValidationFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function mistake(error: AjvError): string {
  const missing = error.params.missingProperty
  if (missing !== undefined) return `  ${missing}: is missing`
  return `  ${error.instancePath.slice(1)}: ${error.message ?? 'is not valid'}`
}
