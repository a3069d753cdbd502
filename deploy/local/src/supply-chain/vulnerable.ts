import type { Part } from './bill.ts'

/** Versions of something that are known to be vulnerable: those from `since` to before `fixedIn`, as far as they are given. */
type Known = {
  readonly name: string
  readonly since?: string
  readonly fixedIn?: string
  readonly what: string
  /** Why such a version stays nevertheless. */
  readonly stays?: string
}

/**
 * What an audit has found here, and is not to come back. No registry that this project may use tells vulnerabilities
 * (docs/supply-chain.md), so the list is kept by hand: it says that these are gone, not that there are no others.
 */
export const known: readonly Known[] = [
  {
    name: 'org.lz4:lz4-java',
    what: 'CVE-2025-12183, CVE-2025-66566: reads beyond its buffers; no longer kept, at.yawk.lz4:lz4-java is',
  },
  {
    ...{ name: 'at.yawk.lz4:lz4-java', fixedIn: '1.10.1' },
    what: 'CVE-2025-66566: leaves old bytes in a buffer',
  },
  {
    ...{ name: 'org.postgresql:postgresql', since: '42.7.4', fixedIn: '42.7.7' },
    what: 'CVE-2025-49146: takes a weaker login than the required channel binding',
  },
  {
    ...{ name: 'org.apache.flink:flink-shaded-netty', fixedIn: '4.2' },
    what: 'Netty 4.1.100 inside: CVE-2024-29025, CVE-2025-24970, CVE-2025-55163, CVE-2025-58056, CVE-2025-58057',
  },
  {
    ...{ name: 'org.apache.flink:flink-shaded-zookeeper-3' },
    what: 'ZooKeeper 3.7.2 inside: CVE-2024-23944, CVE-2024-51504, of its server',
    stays: 'Flink is started without high availability, so no class of it is loaded',
  },
  {
    ...{ name: 'org.apache.hadoop:hadoop-client-runtime', fixedIn: '3.4.2' },
    what: 'Jetty 9.4 and Netty 4.1 of 2024 inside',
    stays: 'only its configuration and local file system are used: it listens and connects nowhere',
  },
]

export type Finding = { readonly part: Part; readonly what: string; readonly stays?: string }

/** The parts of a bill that are known to be vulnerable, those that stay included. */
export function vulnerableIn(parts: readonly Part[]): readonly Finding[] {
  return parts.flatMap((part) =>
    known
      .filter(({ name, since, fixedIn }) => {
        if (name !== part.name) return false
        const isOlder = since !== undefined && isBefore(part.version, since)
        return !isOlder && (fixedIn === undefined || isBefore(part.version, fixedIn))
      })
      .map(({ what, stays }) => ({ part, what, ...(stays !== undefined && { stays }) })),
  )
}

/** By the numbers in both, from left to right. */
function isBefore(version: string, other: string): boolean {
  const [ours, theirs] = [version, other].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  const at = theirs?.findIndex((number, index) => number !== (ours?.[index] ?? 0)) ?? -1
  return at >= 0 && (ours?.[at] ?? 0) < (theirs?.[at] ?? 0)
}
