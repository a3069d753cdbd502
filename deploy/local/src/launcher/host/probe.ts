import { connect } from 'node:net'

const TIMEOUT_MS = 2_000

/** True when a server accepts a connection within two seconds. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}

/**
 * True when the URL answers with a status of 2xx within two seconds. Throws when no server listens.
 *
 * @param authorization the header, where a login is needed.
 */
export async function answersOk(url: string, authorization?: string): Promise<boolean> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(authorization !== undefined && { headers: { authorization } }),
  })
  await response.body?.cancel()
  return response.ok
}

/** The JSON that the URL answers with, within two seconds. */
export async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response.json()
}
