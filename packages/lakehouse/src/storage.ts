import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LakehouseError } from './errors.ts'

/**
 * Where a table's files lie. The one promise that matters: when `write` or `produce` returns, the file and its name
 * outlive a loss of power, so that a snapshot may refer to it. Files are written once and never changed.
 */
export type Storage = {
  readonly write: (uri: string, bytes: Buffer) => Promise<void>
  /** Lets `writer` make a file at a local path, then makes it durable under `uri`. */
  readonly produce: <Made>(uri: string, writer: (path: string) => Promise<Made>) => Promise<Made>
  /** A path or address from which DuckDB reads the file. */
  readonly locate: (uri: string) => string
  readonly read: (uri: string) => Promise<Buffer>
  /** Removes a file that nothing refers to; one that is not there is no error. */
  readonly remove: (uri: string) => Promise<void>
}

/** Files on this machine: `file:///a`, `file:/a` (as Hadoop writes it) and plain paths. */
export const fileStorage: Storage = {
  write: (uri, bytes) => storing(uri, async (path) => writeDurably(path, bytes)),
  produce: (uri, writer) =>
    storing(uri, async (path) => {
      await mkdir(dirname(path), { recursive: true })
      const made = await writer(path)
      await sync(path)
      await sync(dirname(path))
      return made
    }),
  locate: pathOf,
  read: (uri) => storing(uri, (path) => readFile(path)),
  remove: (uri) => storing(uri, (path) => rm(path, { force: true })),
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // 'wx': a name that is taken is a broken assumption, not a file to overwrite.
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await sync(dirname(path))
}

/** A file's bytes, or a folder's names, reach the disk. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function pathOf(uri: string): string {
  if (uri.startsWith('/')) return uri
  if (uri.startsWith('file:/')) return fileURLToPath(uri.replace(/^file:\/(?!\/)/, 'file:///'))
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${uri} is no file on this machine`)
}

async function storing<Made>(uri: string, work: (path: string) => Promise<Made>): Promise<Made> {
  const path = pathOf(uri)
  try {
    return await work(path)
  } catch (error) {
    if (error instanceof LakehouseError || !isSystemError(error)) throw error
    throw new LakehouseError('STORAGE_FAILED', `${uri}: ${error.message}`, { cause: error })
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
