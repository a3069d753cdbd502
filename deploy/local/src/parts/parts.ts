import type { Component, Part } from '../launcher/plan/part.ts'
import { catalog } from './catalog.ts'
import { connect } from './connect.ts'
import { flinkJobManager, flinkTaskManager, sqlGateway } from './flink.ts'
import { kafka } from './kafka.ts'
import { alertmanager, prometheus } from './monitoring.ts'
import { postgres } from './postgres.ts'
import { registry } from './registry.ts'
import { serviceComponents } from './services.ts'
import { connectors, contracts, databases, flinkJobs, kafkaUsers } from './steps.ts'
import { zipkin } from './zipkin.ts'

/** All parts of the system, in the order in which people read them. */
export const parts: readonly Part[] = [
  postgres,
  databases,
  kafka,
  kafkaUsers,
  registry,
  contracts,
  connect,
  connectors,
  catalog,
  flinkJobManager,
  flinkTaskManager,
  sqlGateway,
  flinkJobs,
  zipkin,
  ...serviceComponents,
  alertmanager,
  prometheus,
]

/** The parts that have a process. */
export const components: readonly Component[] = parts.filter((part) => part.kind === 'component')
