import { existsSync, globSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { JobError } from '../errors.ts'
import { flinkFileUrl } from '../script/file-url.ts'
import { checkpointFolder, savepointFolder } from '../script/script.ts'

/**
 * The newest savepoint or retained checkpoint of a job below `stateFolder`, as a URL; undefined when there is none.
 *
 * Only complete ones count: Flink writes `_metadata` last. Each job has folders of its own, so no record of them is needed
 * that a crash of the submitter could lose.
 *
 * @param writtenAfterMs older ones do not count, in milliseconds since 1970.
 */
export function newestRestorePoint(
  stateFolder: string,
  job: string,
  writtenAfterMs = 0,
): string | undefined {
  // The state's folder is not part of the pattern: its path may have characters that mean something there.
  const candidates = globSync(
    [
      join(savepointFolder(job), '*', '_metadata'),
      join(checkpointFolder(job), '*', 'chk-*', '_metadata'),
    ],
    { cwd: stateFolder },
  ).map((path) => join(stateFolder, path))
  const newest = candidates
    .filter((path) => existsSync(path))
    .map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    .filter(({ writtenMs }) => writtenMs >= writtenAfterMs)
    .sort((a, b) => b.writtenMs - a.writtenMs)[0]
  return newest === undefined ? undefined : flinkFileUrl(dirname(newest.path))
}

/**
 * The error with which a job did not start from its state, with the next step when the state is one of other operators: the
 * SQL has changed since.
 */
export function whyNotRestored(job: string, error: unknown): unknown {
  const isOfOthers =
    error instanceof Error && /Cannot map checkpoint\/savepoint/.test(error.message)
  if (!isOfOthers) return error
  return new JobError(
    `${job}: its state was made by other SQL, with operators that it has no more. Go back to the commit that made it, or start ` +
      'anew: `npm run stack -- down --purge` removes all data of this instance; without that, ' +
      `\`npm run jobs -- submit ${job} --restore nothing\` reads the topics again and writes every row a second time.`,
    { cause: error },
  )
}
