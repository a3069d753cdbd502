import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Disk, localDisk } from '@tenseams/iceberg/storage'

export type PowerlessDisk = Disk & {
  /** True when the file, as it is now, would survive a loss of power. */
  isDurable(path: string): boolean
  /** Drops what was not synced: bytes of files, and names in folders. */
  losePower(): void
}

/**
 * The disk of this machine, below a folder, with a simulated loss of power: a file keeps the bytes that it had when it was
 * synced, and its name if its folder was synced after that name was created. What exists at the beginning is durable; files
 * of others (`isForeign`) are kept.
 */
export function powerlessDisk(
  root: string,
  options: {
    readonly isForeign: (path: string) => boolean
    readonly ignoresSync?: 'files' | 'folders'
  },
): PowerlessDisk {
  const before = walk(root)
  const bytes = new Map(before.filter(isFile).map((path) => [path, readFileSync(path)] as const))
  const names = new Set(before)
  return {
    ...localDisk,
    sync: async (path) => {
      await localDisk.sync(path)
      const folder = entriesOf(path)
      if (folder === undefined) {
        if (options.ignoresSync !== 'files') bytes.set(path, readFileSync(path))
      } else if (options.ignoresSync !== 'folders') {
        for (const name of folder) names.add(join(path, name))
      }
    },
    isDurable: (path) => names.has(path) && bytes.get(path)?.equals(readFileSync(path)) === true,
    losePower: () => {
      for (const path of walk(root).filter(isFile)) {
        if (options.isForeign(path)) continue
        if (!isNamed(path)) rmSync(path)
        else writeFileSync(path, bytes.get(path) ?? '')
      }
    },
  }

  /** A name survives if each folder on the path does. */
  function isNamed(path: string): boolean {
    for (let part = path; part !== root; part = dirname(part)) if (!names.has(part)) return false
    return true
  }
}

function walk(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
}

const isFile = (path: string): boolean => statSync(path).isFile()

function entriesOf(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
    throw error
  }
}
