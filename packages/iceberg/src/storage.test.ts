import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Disk, fileStorage, storageOn } from './storage.ts'

describe('storage', () => {
  it.each([
    ['file:/a/b%2Fc', '/a/b%2Fc'],
    ['file:///a/b c', '/a/b c'],
    ['file:///a/b', '/a/b'],
    ['/a/b', '/a/b'],
  ])('finds %s at %s', (uri, path) => expect(fileStorage.locate(uri)).toBe(path))

  it('supports no other scheme', () => {
    expect(() => fileStorage.locate('s3://bucket/a')).toThrow(/not a file on this machine/)
  })
})

describe('a listing', () => {
  it('names every file below a folder, with the folder’s own form of URI', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'listing-'))
    try {
      await fileStorage.write(`${folder}/data/day=1/a%2Fb.parquet`, Buffer.of(1, 2))
      await fileStorage.write(`${folder}/b`, Buffer.of())
      const files = await fileStorage.list(`file:${folder}/`)
      expect(files.map(({ uri, bytes }) => [uri, bytes]).sort()).toEqual([
        [`file:${folder}/b`, 0n],
        [`file:${folder}/data/day=1/a%2Fb.parquet`, 2n],
      ])
      expect(await fileStorage.stat(files[0]?.uri ?? '')).toEqual(files[0])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is empty for a missing folder', async () => {
    expect(await fileStorage.list('/no/such/folder')).toEqual([])
    expect(await fileStorage.stat('/no/such/file')).toBeUndefined()
  })
})

describe('an existing folder', () => {
  it('is made durable all the way up, because its creator may not have synced it', async () => {
    const { disk, synced } = recordingDisk()
    await storageOn(disk).write('/lake/t/metadata/a', Buffer.of())
    expect(synced).toEqual([
      ...['/lake/t', '/lake', '/'],
      ...['/lake/t/metadata/a', '/lake/t/metadata'],
    ])
  })

  it('is made durable once', async () => {
    const { disk, synced } = recordingDisk()
    const storage = storageOn(disk)
    await storage.write('/lake/t/metadata/a', Buffer.of())
    synced.length = 0
    await storage.write('/lake/t/metadata/b', Buffer.of())
    await storage.write('/lake/t/data/c', Buffer.of())
    expect(synced).toEqual([
      ...['/lake/t/metadata/b', '/lake/t/metadata'],
      ...['/lake/t', '/lake/t/data/c', '/lake/t/data'],
    ])
  })

  it('is made durable again when it had to be created again', async () => {
    const { disk, synced } = recordingDisk()
    const storage = storageOn(disk)
    await storage.write('/lake/t/data/a', Buffer.of())
    synced.length = 0
    disk.makeFolder = () => Promise.resolve('/lake/t')
    await storage.write('/lake/t/data/b', Buffer.of())
    expect(synced).toEqual(['/lake/t', '/lake', '/lake/t/data/b', '/lake/t/data'])
  })

  it('may be below folders of other users', async () => {
    const { disk, synced } = recordingDisk()
    const { sync } = disk
    disk.sync = (path) =>
      path === '/'
        ? Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open' }))
        : sync(path)
    await storageOn(disk).write('/lake/t/a', Buffer.of())
    expect(synced).toEqual(['/lake', '/lake/t/a', '/lake/t'])
  })
})

type Changeable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** A disk on which every folder exists. */
function recordingDisk(): { readonly disk: Changeable<Disk>; readonly synced: string[] } {
  const synced: string[] = []
  const disk: Disk = {
    create: () => Promise.resolve(),
    append: () => Promise.resolve(),
    makeFolder: () => Promise.resolve(undefined),
    sync: async (path) => void synced.push(path),
  }
  return { disk, synced }
}
