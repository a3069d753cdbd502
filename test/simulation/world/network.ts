import type { Fault } from '../run/scenario.ts'
import type { Chance } from './chance.ts'
import type { Process, World } from './world.ts'

/** No answer: the request may have been served, may still be served, or never will be. */
export class ConnectionLostError extends Error {
  override readonly name = 'KafkaJSConnectionClosedError'
  readonly retriable = true
}

/** An error that a server answers, by Kafka's name of it. */
export class BrokerError extends Error {
  override readonly name = 'KafkaJSProtocolError'
  readonly type: string
  readonly retriable: boolean

  constructor(type: string, retriable = false) {
    super(type)
    this.type = type
    this.retriable = retriable
  }
}

export type Server = 'broker' | 'postgres' | 'catalogue'

type Call<Value> = {
  readonly server: Server
  readonly name: string
  /** Runs in the server when the request arrives; a promise is an answer that takes a while. */
  readonly serve: () => Value | Promise<Value>
  /** For the trace, which leaves out calls without it. */
  readonly about?: () => string
}

/** Stops and kills happen at a call, so that they fall between the steps where they matter. */
export type Strike = (fault: Fault, process: Process) => void

export type NetworkEvents = {
  readonly strike: Strike
  readonly served: (process: Process, name: string, fault: Fault | undefined, ok: boolean) => void
}

/**
 * Between processes and servers. Requests of one connection arrive in order, those of different ones in any order; an
 * answer has a delay of its own. A fault is bound to the n-th call of a name by one process, and happens once.
 */
export class Network {
  readonly #world: World
  readonly #chance: Chance
  readonly #events: NetworkEvents
  readonly #faults: Set<Fault>
  readonly #counts = new Map<string, number>()
  readonly #lastArrival = new Map<string, number>()
  healed = false
  /** Requests that are still under way after their sender's connection was lost. */
  lateRequests = 0

  constructor(world: World, chance: Chance, faults: readonly Fault[], events: NetworkEvents) {
    this.#world = world
    this.#chance = chance
    this.#faults = new Set(faults)
    this.#events = events
  }

  call<Value>(call: Call<Value>): Promise<Value> {
    const process = this.#world.current
    if (process === undefined) throw new Error(`${call.name}: called by nobody`)
    const counted = `${process.name} ${call.name}`
    const nth = (this.#counts.get(counted) ?? 0) + 1
    this.#counts.set(counted, nth)
    const fault = this.#faultOf(process.name, call.name, nth)
    this.#tell(call, fault)
    return new Promise((resolve, reject) => {
      const travel = new Travel(this.#world, process, resolve, reject)
      this.#send(call, travel, fault, `${counted} ${nth}`)
      if (fault !== undefined && fault.kind !== 'slow') this.#happen(fault, travel)
    })
  }

  #tell({ name, about }: { name: string; about?: () => string }, fault: Fault | undefined): void {
    if (about === undefined && fault === undefined) return
    this.#world.say(() => {
      const what = fault === undefined ? '' : `   <== ${describeFault(fault)}`
      return `${name} ${about?.() ?? ''}${what}`
    })
  }

  #faultOf(process: string, call: string, nth: number): Fault | undefined {
    if (this.healed) return undefined
    for (const fault of this.#faults) {
      if (fault.process === process && fault.call === call && fault.nth === nth) {
        this.#faults.delete(fault)
        return fault
      }
    }
    return undefined
  }

  #send<Value>(
    { server, name, serve }: Call<Value>,
    travel: Travel<Value>,
    fault: Fault | undefined,
    question: string,
  ): void {
    const { process } = travel
    const isOut = fault?.kind === 'lose-request' || (fault?.kind === 'kill' && !fault.served)
    if (isOut) return
    const there = this.#chance.between(`${question} there`, 1, 12)
    const back = this.#chance.between(`${question} back`, 1, 12)
    const connection = `${process.name} ${server} ${name === 'fetch' ? 'fetch' : ''}`
    const extra = fault?.kind === 'late' || fault?.kind === 'slow' ? fault.forMs : 0
    const inOrder = this.#lastArrival.get(connection) ?? 0
    const arrival = Math.max(this.#world.now + there, inOrder) + extra
    // A broken connection is reopened: requests of the old one have no order with those of the new one.
    if (fault?.kind !== 'late') this.#lastArrival.set(connection, arrival)
    if (fault?.kind === 'late') this.lateRequests += 1
    const arrive = () => {
      if (fault?.kind === 'late') this.lateRequests -= 1
      travel.arrive(serve, back, (ok) => {
        this.#events.served(process, name, fault, ok)
        if (fault?.kind === 'kill') this.#events.strike(fault, process)
      })
    }
    this.#world.at(arrival - this.#world.now, undefined, arrive)
    if (fault?.kind === 'twice') this.#world.at(arrival + 5 - this.#world.now, undefined, arrive)
  }

  #happen<Value>(fault: Fault, travel: Travel<Value>): void {
    const { process } = travel
    const { kind } = fault
    if (kind === 'stop' || (kind === 'kill' && !fault.served)) {
      this.#world.at(0, undefined, () => this.#events.strike(fault, process))
    }
    if (kind === 'lose-request' || kind === 'lose-answer' || kind === 'late') travel.lose(60)
    if (kind === 'twice') travel.lose(200)
  }
}

/** One call under way. It ends with the answer or with the loss of the connection, whichever comes first. */
class Travel<Value> {
  readonly process: Process
  readonly #world: World
  readonly #resolve: (value: Value) => void
  readonly #reject: (error: unknown) => void
  #isLost = false

  constructor(
    world: World,
    process: Process,
    resolve: (value: Value) => void,
    reject: (error: unknown) => void,
  ) {
    this.#world = world
    this.process = process
    this.#resolve = resolve
    this.#reject = reject
  }

  arrive(serve: () => Value | Promise<Value>, backMs: number, served: (ok: boolean) => void): void {
    const answer = (deliver: () => void, ok: boolean) => {
      served(ok)
      if (!this.#isLost) this.#world.at(backMs, this.process, deliver)
    }
    const refuse = (error: unknown) => {
      if (!isAnswer(error)) this.#world.fail(error)
      answer(() => this.#reject(error), false)
    }
    try {
      const value = serve()
      if (value instanceof Promise) {
        value.then((later) => answer(() => this.#resolve(later), true), refuse)
      } else answer(() => this.#resolve(value), true)
    } catch (error) {
      refuse(error)
    }
  }

  lose(afterMs: number): void {
    this.#isLost = true
    const gone = () => this.#reject(new ConnectionLostError('the connection was lost'))
    this.#world.at(afterMs, this.process, gone)
  }
}

/** Refusals have a code or a type; any other error is a mistake of the model and ends the run. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && ('type' in error || 'code' in error)
}

export function describeFault(fault: Fault): string {
  const place = `at ${fault.process}'s ${fault.call} no. ${fault.nth}`
  switch (fault.kind) {
    case 'kill':
      return `killed ${place}, ${fault.served ? 'once it was served' : 'before it left'}, back after ${fault.forMs} ms`
    case 'stop':
      return `stopped ${place}, goes on after ${fault.forMs} ms`
    case 'lose-request':
      return `request lost ${place}`
    case 'lose-answer':
      return `answer lost ${place}`
    case 'late':
      return `connection lost ${place}, the request arrives ${fault.forMs} ms late`
    case 'twice':
      return `request arrives twice ${place}, no answer`
    case 'slow':
      return `request takes ${fault.forMs} ms ${place}`
  }
}
