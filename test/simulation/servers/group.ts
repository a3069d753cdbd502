import { PARTITIONS } from '../run/scenario.ts'
import { BrokerError } from '../world/network.ts'
import type { World } from '../world/world.ts'

export type Membership = {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly number[]
}

type Joining = {
  readonly resolve: (membership: Membership) => void
}

type Member = {
  readonly id: string
  readonly sessionTimeoutMs: number
  lastSeen: number
  joining: Joining | undefined
}

const FIRST_JOIN_DELAY_MS = 100

/**
 * A group's coordinator, classic protocol: when a member joins, leaves or times out, a new generation begins, and is
 * complete when all members have joined again. JoinGroup and SyncGroup are one step here.
 */
export class Group {
  readonly #world: World
  readonly #name: string
  readonly #members = new Map<string, Member>()
  #isForming = false
  #memberIds = 0
  generation = 0

  constructor(world: World, name: string) {
    this.#world = world
    this.#name = name
  }

  join(memberId: string, sessionTimeoutMs: number): Promise<Membership> {
    const id = memberId === '' ? this.#newMember(sessionTimeoutMs) : memberId
    const member = this.#members.get(id)
    if (member === undefined) throw new BrokerError('UNKNOWN_MEMBER_ID')
    member.lastSeen = this.#world.now
    return new Promise((resolve) => {
      member.joining = { resolve }
      if (this.#isForming) this.#formWhenComplete()
      else this.#rebalance()
    })
  }

  heartbeat(memberId: string, generation: number): void {
    this.#checked(memberId, generation)
    if (this.#isForming) throw new BrokerError('REBALANCE_IN_PROGRESS')
  }

  /** Refuses the commits of a member that is no longer in the group. */
  assertMember(memberId: string, generation: number): void {
    this.#checked(memberId, generation)
  }

  leave(memberId: string): void {
    if (this.#members.delete(memberId)) this.#rebalance()
  }

  #newMember(sessionTimeoutMs: number): string {
    this.#memberIds += 1
    const id = `member-${this.#memberIds}`
    const member = { id, sessionTimeoutMs, lastSeen: this.#world.now, joining: undefined }
    this.#members.set(id, member)
    this.#watch(member)
    return id
  }

  #checked(memberId: string, generation: number): void {
    const member = this.#members.get(memberId)
    if (member === undefined) throw new BrokerError('UNKNOWN_MEMBER_ID')
    if (generation !== this.generation) throw new BrokerError('ILLEGAL_GENERATION')
    member.lastSeen = this.#world.now
  }

  #watch(member: Member): void {
    const silentMs = this.#world.now - member.lastSeen
    this.#world.at(member.sessionTimeoutMs - silentMs, undefined, () => {
      if (!this.#members.has(member.id)) return
      const isSilent = this.#world.now - member.lastSeen >= member.sessionTimeoutMs
      if (member.joining !== undefined || !isSilent) {
        if (member.joining !== undefined) member.lastSeen = this.#world.now
        this.#watch(member)
        return
      }
      this.#world.say(() => `[broker] group ${this.#name}: ${member.id} timed out and is removed`)
      this.#members.delete(member.id)
      this.#rebalance()
    })
  }

  #rebalance(): void {
    if (this.#isForming) {
      this.#formWhenComplete()
      return
    }
    this.#isForming = true
    this.#world.at(FIRST_JOIN_DELAY_MS, undefined, () => this.#formWhenComplete())
  }

  #formWhenComplete(): void {
    const members = [...this.#members.values()]
    const isComplete = members.every(({ joining }) => joining !== undefined)
    if (!this.#isForming || !isComplete || members.length === 0) return
    this.#isForming = false
    this.generation += 1
    const { generation } = this
    for (const [index, member] of members.entries()) {
      const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
        (partition) => (partition + generation) % members.length === index,
      )
      this.#world.say(
        () =>
          `[broker] group ${this.#name}, generation ${generation}: ${member.id} has partitions ${partitions.join(', ') || 'none'}`,
      )
      member.lastSeen = this.#world.now
      member.joining?.resolve({ memberId: member.id, generation, partitions })
      member.joining = undefined
    }
  }
}
