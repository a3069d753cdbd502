import { Catalog } from '@tenseams/iceberg/table/catalog'
import { httpLogin } from '@tenseams/identities/http-login'
import { openKafka } from '@tenseams/kafka/client'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Admin } from 'kafkajs'
import type { InstanceTarget } from '../target.ts'
import { LagReader } from './lag.ts'
import { LakeReader } from './lake-reader.ts'
import { OrdersReader } from './orders-reader.ts'
import { type Pids, runningParts } from './parts.ts'
import { hasProc } from './processes.ts'

const CATALOG_TIMEOUT_MS = 5_000

/** What a step needs to know of the system beneath it. */
export type Observed = {
  readonly orders: Pick<OrdersReader, 'follow' | 'forget'>
  readonly lag: Pick<LagReader, 'read'>
  /** Undefined for an instance without a lakehouse. */
  readonly lake: Pick<LakeReader, 'sights' | 'forget'> | undefined
  /** The parts that run now: one that died is started again with another pid. */
  readonly pids: Pids
}

/** The observers of an instance: one of each for all steps of a run. They only read. */
export class System implements Observed {
  readonly orders: OrdersReader
  readonly lag: LagReader
  readonly lake: LakeReader | undefined
  readonly #target: InstanceTarget
  readonly #admin: Admin

  private constructor(target: InstanceTarget, admin: Admin, orders: OrdersReader) {
    this.#target = target
    this.#admin = admin
    this.orders = orders
    this.lag = new LagReader(admin)
    const catalog = new Catalog({
      url: target.catalogUrl,
      login: httpLogin(kafkaAs(target, 'load').credentialsFile),
      timeoutMs: CATALOG_TIMEOUT_MS,
    })
    this.lake = target.profile === 'full' ? new LakeReader(catalog) : undefined
  }

  /** Returns when everything that is placed from now on will be seen. */
  static async open(target: InstanceTarget): Promise<System> {
    const kafka = openKafka({ ...kafkaAs(target, 'load'), clientId: 'load' })
    const admin = kafka.admin()
    await admin.connect()
    try {
      return new System(target, admin, await OrdersReader.open(target))
    } catch (error) {
      await admin.disconnect()
      throw error
    }
  }

  get pids(): Pids {
    return hasProc ? runningParts(this.#target.paths) : new Map()
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.orders.close(), this.#admin.disconnect()])
    // Fails when the lake could not be read, which the figures must not hide.
    await this.lake?.close()
  }
}
