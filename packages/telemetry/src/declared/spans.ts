// Generated from contracts/telemetry.yaml by `npm run contracts -- generate`. Do not edit.

export const spans = {
  'http.server': { name: '{http.request.method} {http.route}', kind: 'server' },
  'http.client': { name: '{http.request.method}', kind: 'client' },
  'event-store.append': { name: 'append', kind: 'client' },
  'event-store.statement': { name: '{db.operation.name}', kind: 'client' },
  'wal.wait': { name: 'wait in the WAL', kind: 'internal' },
  'topic.wait': { name: 'wait in {messaging.destination.name}', kind: 'internal' },
  'buffer.wait': { name: 'wait for a commit of {tenseams.table}', kind: 'internal' },
  'messaging.process': { name: 'process {messaging.destination.name}', kind: 'consumer' },
  'transaction.wait': { name: 'wait for a transaction', kind: 'internal' },
  'kafka.transaction': { name: 'transaction {messaging.destination.name}', kind: 'internal' },
  'lake.row': { name: 'visible in {tenseams.table}', kind: 'internal' },
  'lake.commit': { name: 'commit {tenseams.table}', kind: 'client' },
} as const

export type Attributes = {
  /** system that a span stands for, when it is not the one that records it */
  readonly 'service.name': 'debezium'
  /** method of HTTP */
  readonly 'http.request.method': string
  /** which repetition of a request it is, from 1; left out for the first try */
  readonly 'http.request.resend_count': number
  /** pattern of the route, such as /orders/:orderId */
  readonly 'http.route': string
  /** status code of the answer */
  readonly 'http.response.status_code': number
  /** address of a request without its query */
  readonly 'url.full': string
  /** host that was asked */
  readonly 'server.address': string
  /** port that was asked */
  readonly 'server.port': number
  /** stable code of the error; left out when there was none */
  readonly 'error.type': string
  /** kind of the database */
  readonly 'db.system.name': 'postgresql'
  /** schema */
  readonly 'db.namespace': string
  /** what a statement does */
  readonly 'db.operation.name': 'append'
  /** appends that share a statement */
  readonly 'db.operation.batch.size': number
  /** kind of the broker */
  readonly 'messaging.system': 'kafka'
  /** what is done with a record */
  readonly 'messaging.operation.name': 'process'
  /** topic */
  readonly 'messaging.destination.name': string
  /** partition */
  readonly 'messaging.destination.partition.id': string
  /** offset of the record */
  readonly 'messaging.kafka.offset': number
  /** consumer group */
  readonly 'messaging.consumer.group.name': string
  /** records that were handled together */
  readonly 'messaging.batch.message_count': number
  /** id of the event */
  readonly 'tenseams.event.id': string
  /** type of the event, such as OrderPlaced */
  readonly 'tenseams.event.type': string
  /** stream of the event; for orders and payments the order's id */
  readonly 'tenseams.stream.id': string
  /** what became of a transaction, an append or a commit */
  readonly 'tenseams.outcome': 'committed' | 'passed' | 'left' | 'appended' | 'repeated' | 'conflict' | 'overtaken'
  /** why a step is recorded although its trace is not */
  readonly 'tenseams.kept': 'failed' | 'slow'
  /** table of the lake with its layer */
  readonly 'tenseams.table': string
  /** id of an Iceberg snapshot */
  readonly 'tenseams.snapshot.id': string
  /** rows of a commit */
  readonly 'tenseams.rows': number
}

/** The attributes of each span. */
export type SpanAttributes = {
  readonly 'http.server': Partial<Pick<Attributes, 'http.request.method' | 'http.route' | 'http.response.status_code' | 'error.type' | 'tenseams.kept'>>
  readonly 'http.client': Partial<Pick<Attributes, 'http.request.method' | 'http.request.resend_count' | 'http.response.status_code' | 'server.address' | 'server.port' | 'url.full' | 'error.type' | 'tenseams.kept'>>
  readonly 'event-store.append': Partial<Pick<Attributes, 'db.system.name' | 'db.namespace' | 'db.operation.name' | 'tenseams.stream.id' | 'tenseams.outcome' | 'error.type' | 'tenseams.kept'>>
  readonly 'event-store.statement': Partial<Pick<Attributes, 'db.system.name' | 'db.namespace' | 'db.operation.name' | 'db.operation.batch.size' | 'error.type'>>
  readonly 'wal.wait': Partial<Pick<Attributes, 'service.name' | 'tenseams.event.id' | 'messaging.destination.name'>>
  readonly 'topic.wait': Partial<Pick<Attributes, 'messaging.destination.name' | 'messaging.destination.partition.id' | 'messaging.kafka.offset' | 'messaging.consumer.group.name'>>
  readonly 'buffer.wait': Partial<Pick<Attributes, 'tenseams.table' | 'messaging.destination.partition.id' | 'messaging.kafka.offset'>>
  readonly 'messaging.process': Partial<Pick<Attributes, 'messaging.system' | 'messaging.operation.name' | 'messaging.destination.name' | 'messaging.destination.partition.id' | 'messaging.kafka.offset' | 'messaging.consumer.group.name' | 'tenseams.event.id' | 'tenseams.event.type' | 'error.type' | 'tenseams.kept'>>
  readonly 'transaction.wait': Partial<Pick<Attributes, 'messaging.consumer.group.name'>>
  readonly 'kafka.transaction': Partial<Pick<Attributes, 'messaging.destination.name' | 'messaging.destination.partition.id' | 'messaging.consumer.group.name' | 'messaging.batch.message_count' | 'tenseams.outcome' | 'error.type'>>
  readonly 'lake.row': Partial<Pick<Attributes, 'tenseams.table' | 'tenseams.snapshot.id'>>
  readonly 'lake.commit': Partial<Pick<Attributes, 'tenseams.table' | 'tenseams.snapshot.id' | 'tenseams.rows' | 'tenseams.outcome' | 'error.type'>>
}
