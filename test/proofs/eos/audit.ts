import type { Report } from '@tenseams/auditor/report'
import { authorizationIn } from '@tenseams/identities/authorization'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

const AUDIT_TIMEOUT_MS = 180_000
/** They need Flink, which is not part of this proof. */
const notOurs = ['I4.gold', 'I4.jobs']

export async function auditNow({ endpoints, secrets }: Stack): Promise<Report> {
  const response = await fetch(`${endpoints.auditorUrl}/audits`, {
    method: 'POST',
    headers: await authorizationIn(secrets.fileOf('operator')),
    signal: AbortSignal.timeout(AUDIT_TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`the auditor answers ${response.status}`)
  return (await response.json()) as Report
}

export const isRefuted = ({ findings }: Report): boolean =>
  findings.some(({ status }) => status === 'violated')

export const hasNoVerdict = ({ findings }: Report): boolean =>
  findings.some(({ id, status }) => status === 'does not run' && !notOurs.includes(id))

/** One line for each invariant, then what violates them. */
export function linesOf({ findings }: Report): readonly string[] {
  return [
    ...findings.map(
      ({ id, says, status, detail }) => `${status.padEnd(12)} ${id.padEnd(12)} ${says}: ${detail}`,
    ),
    ...findings.flatMap(({ id, offenders }) =>
      offenders.map((offender) => `BROKEN       ${id}: ${offender}`),
    ),
  ]
}
