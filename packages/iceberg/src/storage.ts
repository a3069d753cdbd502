import { lstat, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { LakehouseError } from './errors.ts'

/**
 * The files of a table. When `write` or `produce` returns, the file and its name survive a loss of power, so that a
 * snapshot may refer to it. Files are written once and never changed.
 */
export type Storage = {
  readonly write: (uri: string, bytes: Buffer) => Promise<void>
  /**
   * Appends a line to a log, durably. Lines of several writers are never mixed: each begins with a line end of its own, so
   * a line torn by a crash damages no other. On object storage a line would be an object.
   */
  readonly appendLine: (uri: string, text: string) => Promise<void>
  /** Syncs a file that another process wrote; a file that no longer exists is no error. */
  readonly harden: (uri: string) => Promise<void>
  /** Calls `writer` with a local path to write to, then makes the file durable under `uri`. */
  readonly produce: <Made>(uri: string, writer: (path: string) => Promise<Made>) => Promise<Made>
  /** The path or address from which DuckDB reads the file. */
  readonly locate: (uri: string) => string
  readonly read: (uri: string) => Promise<Buffer>
  /** Removes a file that nothing refers to; a missing file is no error. */
  readonly remove: (uri: string) => Promise<void>
}

/** A file in the storage, whoever wrote it. */
export type StoredFile = {
  readonly uri: string
  readonly bytes: bigint
  /** Time of the last write, by the storage's clock. */
  readonly modifiedMs: number
}

/** Lists a storage. Only maintenance needs it: readers and writers of a table follow its metadata. */
export type Listing = {
  /** Every file in a folder and below; none for a missing folder. Files added or removed meanwhile may be left out. */
  readonly list: (uri: string) => Promise<readonly StoredFile[]>
  /** One file; `undefined` when it does not exist. */
  readonly stat: (uri: string) => Promise<StoredFile | undefined>
}

/** The file system calls that durability depends on: those that write, and `sync`, after which a write survives a loss of power. */
export type Disk = {
  /** Creates a file; an existing name is an error. */
  readonly create: (path: string, bytes: Buffer) => Promise<void>
  /** Appends bytes in one write, and creates the file if it is missing. */
  readonly append: (path: string, bytes: Buffer) => Promise<void>
  /** Creates a folder and its missing parents, and returns the topmost that was created. */
  readonly makeFolder: (path: string) => Promise<string | undefined>
  /** Flushes a file's bytes, or the names in a folder, to the disk. */
  readonly sync: (path: string) => Promise<void>
}

export const localDisk: Disk = {
  // 'wx': an existing name is a bug; the file must not be overwritten.
  create: (path, bytes) => writeFile(path, bytes, { flag: 'wx' }),
  append: async (path, bytes) => {
    const file = await open(path, 'a')
    try {
      const { bytesWritten } = await file.write(bytes)
      if (bytesWritten === bytes.length) return
      throw new LakehouseError('STORAGE_FAILED', `${path}: a line was written only in part`)
    } finally {
      await file.close()
    }
  },
  makeFolder: (path) => mkdir(path, { recursive: true }),
  sync: async (path) => {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** Storage on a disk. URIs: `file:///a`, `file:/a` (as Hadoop writes it) and plain paths. */
export function storageOn(disk: Disk): Storage {
  /** Folders whose names this process has synced. */
  const named = new Set<string>()
  /**
   * A folder is durable when its name is synced in each folder above it. That it exists proves nothing: the catalogue
   * creates folders and syncs none, and another writer may have been killed in between. So this is done once per folder.
   */
  const ensureFolder = async (folder: string): Promise<void> => {
    const made = await disk.makeFolder(folder)
    if (made !== undefined) {
      for (const path of named) if (path.startsWith(made)) named.delete(path)
    }
    for (let path = folder; path !== dirname(path) && !named.has(path); path = dirname(path)) {
      if (!(await syncIfOurs(dirname(path)))) break
      named.add(path)
    }
  }
  /** A folder that this user may not read existed before every table. */
  const syncIfOurs = async (folder: string): Promise<boolean> => {
    try {
      await disk.sync(folder)
      return true
    } catch (error) {
      if (isSystemError(error) && error.code === 'EACCES') return false
      throw error
    }
  }
  const writing = (uri: string, write: (path: string) => Promise<void>): Promise<void> =>
    storing(uri, async (path) => {
      await ensureFolder(dirname(path))
      await write(path)
      await disk.sync(path)
      await disk.sync(dirname(path))
    })
  return {
    write: (uri, bytes) => writing(uri, (path) => disk.create(path, bytes)),
    appendLine: (uri, text) =>
      writing(uri, (path) => disk.append(path, Buffer.from(`\n${text}\n`))),
    harden: (uri) =>
      storing(uri, async (path) => {
        try {
          await disk.sync(path)
          await disk.sync(dirname(path))
        } catch (error) {
          if (!isSystemError(error) || error.code !== 'ENOENT') throw error
        }
      }),
    produce: (uri, writer) =>
      storing(uri, async (path) => {
        await ensureFolder(dirname(path))
        const made = await writer(path)
        await disk.sync(path)
        await disk.sync(dirname(path))
        return made
      }),
    locate: pathOf,
    read: (uri) => storing(uri, (path) => readFile(path)),
    remove: (uri) => storing(uri, (path) => rm(path, { force: true })),
  }
}

/** Files on this machine. */
export const fileStorage: Storage & Listing = { ...storageOn(localDisk), ...localListing() }

function localListing(): Listing {
  const stat = async (uri: string): Promise<StoredFile | undefined> => {
    const found = await unlessGone(() => lstat(pathOf(uri)))
    if (found === undefined || !found.isFile()) return undefined
    return { uri, bytes: BigInt(found.size), modifiedMs: found.mtimeMs }
  }
  const list = async (uri: string): Promise<readonly StoredFile[]> => {
    const folder = pathOf(uri)
    const options = { recursive: true, withFileTypes: true } as const
    const names = (await unlessGone(() => readdir(folder, options))) ?? []
    const base = uri.replace(/\/+$/, '')
    const files: StoredFile[] = []
    for (const entry of names) {
      if (!entry.isFile()) continue
      const file = await stat(`${base}/${relative(folder, join(entry.parentPath, entry.name))}`)
      if (file !== undefined) files.push(file)
    }
    return files
  }
  return {
    list: (uri) => storing(uri, () => list(uri)),
    stat: (uri) => storing(uri, () => stat(uri)),
  }
}

async function unlessGone<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await look()
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Nothing is decoded: to Hadoop and pyarrow, too, `%2F` in a path is part of the name. */
function pathOf(uri: string): string {
  const path = uri.replace(/^file:(\/\/)?(?=\/)/, '')
  if (path.startsWith('/')) return path
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${uri} is not a file on this machine`)
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
