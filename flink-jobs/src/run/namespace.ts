import { setTimeout as pause } from 'node:timers/promises'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { HttpLogin } from '@tenseams/identities/http-login'

const ATTEMPTS = 5
const PAUSE_MS = 200
const TIMEOUT_MS = 10_000

/** The catalogue, with the login of somebody who may change it. */
type Lake = { readonly catalogUrl: string; readonly login: HttpLogin }

/**
 * Creates a namespace of the lake unless it exists. A job's own CREATE DATABASE would do, but when two jobs, or a job and
 * the lakehouse, create it at the same time, the catalogue answers one of them with a server error instead of a conflict,
 * and Flink gives up.
 *
 * @throws LakehouseError when the catalogue keeps failing.
 */
export async function ensureNamespace(
  { catalogUrl: url, login }: Lake,
  namespace: string,
): Promise<void> {
  const catalog = new Catalog({ url, login, timeoutMs: TIMEOUT_MS })
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await catalog.ensureNamespace(namespace)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await pause(PAUSE_MS)
    }
  }
}
