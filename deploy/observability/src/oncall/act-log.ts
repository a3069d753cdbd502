import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { stateFolderOf } from '@tenseams/cli/instance'
import { AuditFile } from '@tenseams/service/access/audit-log'
import type { Request } from './plan.ts'

/** One line about an act of an operator. */
export type ActLine = Request & {
  /** UTC */
  readonly at: string
  /** The same for the lines of one act. */
  readonly act: string
  /** Whose credentials were used. */
  readonly identity: string
  /** The user of the machine, and the machine. */
  readonly from: string
  readonly outcome: 'begun' | 'done' | 'failed'
  /** What is going to be done, or why it failed. */
  readonly detail: readonly string[]
}

/** Where lines go. `append` throws when a line cannot be kept. */
export type ActFile = { append(line: string): void; close(): void }

/**
 * The audit log of acts for which no service of ours is asked, such as an aborted transaction: a line before the act and one after
 * it, so that a crash leaves a line without an end. An act without its first line is not done.
 *
 * It is in the folder of the services' audit logs, with the same bounds, and is kept by whoever runs the verb. What a server
 * notes of the same act by itself is beside it (ADR 0058).
 */
export class ActLog {
  readonly #file: ActFile
  readonly #common: Pick<ActLine, 'act' | 'identity' | 'from'> & Request

  constructor(file: ActFile, identity: string, request: Request) {
    this.#file = file
    const from = `${userInfo().username}@${hostname()}`
    this.#common = { act: randomUUID(), identity, from, ...request }
  }

  /** @throws Error of the system */
  write(outcome: ActLine['outcome'], detail: readonly string[]): void {
    const line: ActLine = { at: new Date().toISOString(), ...this.#common, outcome, detail }
    this.#file.append(JSON.stringify(line))
  }
}

/** @throws Error of the system, InstanceError */
export function openActFile(instance: string): ActFile {
  return new AuditFile({ file: join(stateFolderOf(instance), 'audit', 'acts', 'oncall.log') })
}
