import type { Evidence } from './evidence.ts'
import type { Row } from './evidence-tables.ts'
import type { Finding } from './report.ts'

// Ticks and barriers are written for ever, also while nothing is bought. Each is judged and then dropped, so that the evidence
// grows with the events only.

/** False for a committed tick that every contract reads: no check asks for it again, and bronze has no ticks. */
export function isEvidence({ type, fate, unreadable }: Row<'records'>): boolean {
  return type !== 'tick' || fate !== 'committed' || (unreadable ?? null) !== null
}

/** The checks that compare barriers in topics and in bronze. */
const CHECKS = ['I2', 'I9', 'I10']

/**
 * Drops the barriers that this audit has found where they must be: committed, in bronze at the same offset and with the
 * same content, once, and behind silver, which reads past them. A violation keeps everything, for the next report.
 */
export async function dropJudgedBarriers(
  evidence: Evidence,
  findings: readonly Finding[],
): Promise<void> {
  const judged = findings.filter(({ id }) => CHECKS.includes(id))
  if (judged.length < CHECKS.length || judged.some(({ status }) => status !== 'ok')) return
  await evidence.run(`
    create or replace temp table passed as
      select topic, partition, least(end_offset, silver_end, quarantine_end) as before_offset
        from progress join bronze_ends on topic_partition = topic || '-' || partition
       where silver_end is not null and quarantine_end is not null;
    insert into dropped_barriers select topic, partition, before_offset from passed;
    create or replace temp table newest as
      select topic, partition, max(before_offset) as before_offset from dropped_barriers group by topic, partition;
    delete from dropped_barriers;
    insert into dropped_barriers select topic, partition, before_offset from newest;
    ${deleteDropped('records')}`)
}

/** Call it when bronze has been loaded: it holds the dropped barriers, too. */
export async function dropFromBronze(evidence: Evidence): Promise<void> {
  await evidence.run(deleteDropped('bronze'))
}

function deleteDropped(table: 'records' | 'bronze'): string {
  const fate = table === 'records' ? `and fate = 'committed' and unreadable is null` : ''
  return `delete from ${table} using dropped_barriers f
           where ${table}.type = 'barrier' ${fate} and f.topic = ${table}.topic and f.partition = ${table}.partition
             and ${table}."offset" < f.before_offset;`
}
