import type { Listener } from '@tenseams/local/launcher/host/sockets'

/** The sockets of these processes that can be reached from another machine, as sentences. */
export function exposedSockets(
  sockets: readonly Listener[],
  owners: ReadonlyMap<number, string>,
): readonly string[] {
  return sockets.flatMap(({ pid, port, loopback }) => {
    const owner = pid === undefined ? undefined : owners.get(pid)
    if (owner === undefined || loopback) return []
    return [`${owner} (process ${pid}) listens beyond this machine on port ${port}`]
  })
}
