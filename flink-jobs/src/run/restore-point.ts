import { existsSync, globSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkpointFolder, savepointFolder } from '../script/script.ts'

/**
 * The newest savepoint or retained checkpoint of a job below `stateFolder`, as a URL; undefined when there is none.
 *
 * Only complete ones count: Flink writes `_metadata` last. Each job has folders of its own, so no record of them is needed
 * that a crash of the submitter could lose.
 */
export function newestRestorePoint(stateFolder: string, job: string): string | undefined {
  const candidates = [
    ...globSync(join(stateFolder, savepointFolder(job), '*', '_metadata')),
    ...globSync(join(stateFolder, checkpointFolder(job), '*', 'chk-*', '_metadata')),
  ]
  const newest = candidates
    .filter((path) => existsSync(path))
    .map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.writtenMs - a.writtenMs)[0]
  return newest === undefined ? undefined : pathToFileURL(dirname(newest.path)).href
}
