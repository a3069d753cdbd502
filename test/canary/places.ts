import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Needle } from './forms.ts'
import { type Leak, leaksIn, leaksInFile } from './search.ts'

/**
 * Every file below a folder that others than its owner can use. What is in a folder that only its owner enters counts as
 * closed, too.
 *
 * @param isLeftOut of a path below the folder; a folder is then left out with all that is in it.
 */
export function leaksInFolder(
  folder: string,
  needles: readonly Needle[],
  isLeftOut: (path: string) => boolean = () => false,
): readonly Leak[] {
  return openFiles(folder, isLeftOut).flatMap((file) =>
    whileThere(() => leaksInFile(file, needles)),
  )
}

function openFiles(folder: string, isLeftOut: (path: string) => boolean): readonly string[] {
  return whileThere(() => readdirSync(folder, { withFileTypes: true })).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (isLeftOut(path) || (!entry.isFile() && !entry.isDirectory())) return []
    return whileThere(() => {
      if ((statSync(path).mode & 0o077) === 0) return []
      return entry.isDirectory() ? openFiles(path, isLeftOut) : [path]
    })
  })
}

/** What other users of the machine, or a report of a crash, see of processes: arguments and environments. */
export function leaksInProcesses(
  pids: readonly number[],
  needles: readonly Needle[],
): readonly Leak[] {
  return pids.flatMap((pid) =>
    ['cmdline', 'environ'].flatMap((name) =>
      whileThere(() => {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .replaceAll('\0', ' ')
          .slice(0, 60)
        return leaksIn(`${name} of "${command}"`, readFileSync(`/proc/${pid}/${name}`), needles)
      }),
    ),
  )
}

/** Files and processes of a running system end while they are looked at. */
function whileThere<Found>(look: () => readonly Found[]): readonly Found[] {
  try {
    return look()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ESRCH') return []
    throw error
  }
}

/**
 * What a server answers.
 *
 * @throws Error when it answers an error, in which nothing would be found.
 */
export async function leaksInAnswer(
  url: string,
  needles: readonly Needle[],
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly Leak[]> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const answered = JSON.stringify([...response.headers])
  return [
    ...leaksIn(url, Buffer.from(await response.arrayBuffer()), needles),
    ...leaksIn(`${url}, headers`, answered, needles),
  ]
}
