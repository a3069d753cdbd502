import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { allPids } from './procfs.ts'

/** A listening socket. */
export type Listener = {
  readonly port: number
  readonly loopback: boolean
  /** Undefined when the process belongs to another user. */
  readonly pid: number | undefined
}

const LISTEN = '0A'

/** All listening TCP sockets of the machine. */
export function listeners(): readonly Listener[] {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    parseListeners(readFileSync(file, 'utf8')),
  )
  const owners = ownersOf(new Set(sockets.map(({ inode }) => inode)))
  return sockets.map(({ port, loopback, inode }) => ({ port, loopback, pid: owners.get(inode) }))
}

type Socket = { readonly port: number; readonly loopback: boolean; readonly inode: string }

/** Parses the listening sockets in /proc/net/tcp or tcp6. */
export function parseListeners(table: string): readonly Socket[] {
  const rows = table.trim().split('\n').slice(1)
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/)
    const [address = '', port = ''] = (fields[1] ?? '').split(':')
    const inode = fields[9] ?? ''
    if (fields[3] !== LISTEN) return []
    return [{ port: Number.parseInt(port, 16), loopback: isLoopback(address), inode }]
  })
}

/** Addresses are written as little-endian words: 127.0.0.1 is 0100007F, ::1 ends in 01000000. */
function isLoopback(address: string): boolean {
  return (
    /^[0-9A-F]{6}7F$/.test(address) ||
    address === '00000000000000000000000001000000' ||
    /^0000000000000000FFFF0000[0-9A-F]{6}7F$/.test(address)
  )
}

function ownersOf(inodes: ReadonlySet<string>): ReadonlyMap<string, number> {
  const owners = new Map<string, number>()
  for (const pid of allPids()) {
    for (const inode of socketInodes(pid)) if (inodes.has(inode)) owners.set(inode, pid)
  }
  return owners
}

/** None for a process that exits meanwhile or belongs to another user. */
function socketInodes(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).flatMap((descriptor) => inodeOf(`${folder}/${descriptor}`))
  } catch {
    return []
  }
}

function inodeOf(link: string): readonly string[] {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1]
    return inode === undefined ? [] : [inode]
  } catch {
    return []
  }
}
