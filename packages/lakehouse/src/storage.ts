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
  /**
   * Adds a line to a log, durably. Lines of several writers are never mixed: each begins with an end of line of its own,
   * so that one which was torn by a crash spoils only itself. On object storage a line would be an object.
   */
  readonly appendLine: (uri: string, text: string) => Promise<void>
  /** Makes durable what another process wrote there; a file that is gone by now is no error. */
  readonly harden: (uri: string) => Promise<void>
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
  appendLine: (uri, text) => storing(uri, async (path) => appendDurably(path, text)),
  harden: (uri) =>
    storing(uri, async (path) => {
      try {
        await sync(path)
        await sync(dirname(path))
      } catch (error) {
        if (!isSystemError(error) || error.code !== 'ENOENT') throw error
      }
    }),
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

async function appendDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'a')
  try {
    // In one write, which O_APPEND puts behind all others.
    const bytes = Buffer.from(`\n${text}\n`)
    const { bytesWritten } = await file.write(bytes)
    if (bytesWritten < bytes.length) {
      throw new LakehouseError('STORAGE_FAILED', `${path}: a line was written in part`)
    }
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
