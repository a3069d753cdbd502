import type { Server } from '@tenseams/service/server'
import { Type } from 'typebox'
import type { CaptureChange, CaptureSwitch } from './capture-switch.ts'

const Change = Type.Object(
  {
    frozen: Type.Boolean(),
    /** For whoever reads it later: one line, no control characters. */
    reason: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
  },
  { additionalProperties: false },
)

/**
 * `GET /captures` says whether captures are frozen, since when, by whom and why; `PUT /captures` freezes them, or lets them go on.
 * Who may is declared in packages/identities, and each use is in the audit log.
 */
export function captureRoutes(server: Server, captures: Pick<CaptureSwitch, 'read' | 'set'>): void {
  server.get('/captures', async () => shown(await captures.read()))
  server.put('/captures', { schema: { body: Change } }, async ({ body, caller }) => {
    // The guard lets nobody in without a token.
    if (caller === undefined) throw new Error('PUT /captures has no caller')
    return shown(await captures.set(body.frozen, caller.identity, body.reason))
  })
}

function shown(change: CaptureChange | undefined) {
  if (change === undefined) return { frozen: false }
  const { frozen, at, by, reason } = change
  return { frozen, since: at.toISOString(), by, reason }
}
