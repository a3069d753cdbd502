import type { Component, Part } from './part.ts'
import { catalog } from './parts/catalog.ts'
import { connect } from './parts/connect.ts'
import { flinkJobManager, flinkTaskManager, sqlGateway } from './parts/flink.ts'
import { kafka } from './parts/kafka.ts'
import { postgres } from './parts/postgres.ts'
import { registry } from './parts/registry.ts'
import { serviceComponents } from './parts/services.ts'
import { connectors, contracts, databases, flinkJobs } from './parts/steps.ts'

/** Everything that the launcher knows, in the order in which people read it. */
export const parts: readonly Part[] = [
  postgres,
  databases,
  kafka,
  registry,
  contracts,
  connect,
  connectors,
  catalog,
  flinkJobManager,
  flinkTaskManager,
  sqlGateway,
  flinkJobs,
  ...serviceComponents,
]

/** Those of them that have a process. */
export const components: readonly Component[] = parts.filter((part) => part.kind === 'component')
