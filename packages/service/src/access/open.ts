import { rightsOf, type ServiceName } from '@tenseams/identities/routes'
import type { Log } from '@tenseams/telemetry/log'
import { openAuditLog } from './audit-log.ts'
import { CallersFile } from './callers.ts'
import type { AccessControl } from './guard.ts'

/** Settings of access control: part of those that every service has. */
export type AccessSettings = { readonly CALLERS_FILE: string; readonly AUDIT_FILE: string }

/** Opens access control when the server has a log. */
export type OpenAccess = (log: Log) => AccessControl

/**
 * The declared rights of a service, with the callers and the audit log that its settings name.
 *
 * @returns a function that throws CallersError, or the system's error for an audit log that cannot be written.
 */
export function accessOf(service: ServiceName, settings: AccessSettings): OpenAccess {
  const { CALLERS_FILE: file, AUDIT_FILE } = settings
  return (log) => ({
    rights: rightsOf(service),
    callers: new CallersFile({
      file,
      onError: (err) =>
        log.error({ err }, 'the file of callers cannot be read: those of before stay'),
    }),
    audit: openAuditLog(AUDIT_FILE, (err, use) =>
      log.error({ err, use }, 'a line of the audit log cannot be written'),
    ),
  })
}
