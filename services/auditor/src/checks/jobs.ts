import type { Check, Moment } from './check.ts'

/** A kill and the restart after it take less; a job that takes longer makes no progress. */
const CHECKPOINT_MS = 180_000n
const FAILURES = 3

/** By restarts and checkpoints, since a job that can never write is RUNNING between two restarts. */
export const jobChecks = ({ now }: Moment): readonly Check[] => [
  {
    id: 'I4.jobs',
    says: 'every Flink job makes progress',
    needs: ['flink'],
    figures: `select count(*) || ' jobs, the oldest checkpoint is ' ||
                     ((${now} - min(checkpoint_at)) // 1000) || ' s old' from flink_jobs`,
    offenders: `select name || ' is ' || state || ': ' || failures || ' failures since its checkpoint of ' ||
                       ((${now} - checkpoint_at) // 1000) || ' s ago: ' || cause || '; \`npm run jobs -- list\`' as offender
                  from flink_jobs
                 where state = 'FAILED' or failures >= ${FAILURES} or checkpoint_at < ${now} - ${CHECKPOINT_MS}
                 order by offender`,
  },
]
