import { inSharedStep, type Member } from '@tenseams/telemetry/tracing/shared'

/** Runs the statement that appends for many callers, as a step that their appends share: each links the other. */
export function inStatementStep(
  schema: string,
  members: readonly Member[],
  appends: number,
  write: () => Promise<void>,
): Promise<void> {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.namespace': schema,
    'db.operation.name': 'append',
    'db.operation.batch.size': appends,
  } as const
  const contexts = members.map((member) => member.spanContext())
  return inSharedStep({ span: 'event-store.statement', attributes }, contexts, (statement) => {
    const { context } = statement
    if (context !== undefined) for (const member of members) member.addLink({ context })
    return write()
  })
}
