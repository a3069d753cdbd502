import kafkajs, { type AclEntry, type AclFilter, type Admin } from 'kafkajs'
import { type Acl, type AclOperation, keyOf } from '../rights/acls.ts'

const {
  AclOperationTypes: Operation,
  AclPermissionTypes: Permission,
  AclResourceTypes: Resource,
  ResourcePatternTypes: Pattern,
} = kafkajs

/** A right on the broker: one that we could have given, or another, such as a denial or one for a single host. */
export type BrokerAcl = {
  readonly principal: string
  readonly key: string
  readonly entry: AclEntry
}

const principalOf = (user: string) => `User:${user}`

/** How the broker and people are told of a right. */
export function brokerAclOf(acl: Acl): BrokerAcl {
  const entry = {
    principal: principalOf(acl.user),
    host: '*',
    operation: operations[acl.operation],
    permissionType: Permission.ALLOW,
    resourceType: resources[acl.resource],
    resourceName: acl.name,
    resourcePatternType: acl.pattern === 'prefixed' ? Pattern.PREFIXED : Pattern.LITERAL,
  }
  return { principal: entry.principal, key: keyOf(acl), entry }
}

/** Every right on the broker. */
export async function readAcls(admin: Admin): Promise<readonly BrokerAcl[]> {
  const { resources: found } = await admin.describeAcls({
    resourceType: Resource.ANY,
    resourcePatternType: Pattern.ANY,
    operation: Operation.ANY,
    permissionType: Permission.ANY,
  } as AclFilter)
  return found.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
    acls.map((acl) => foundAcl({ resourceType, resourceName, resourcePatternType, ...acl })),
  )
}

function foundAcl(entry: AclEntry): BrokerAcl {
  const acl = ownForm(entry)
  return { principal: entry.principal, key: acl === undefined ? inWords(entry) : keyOf(acl), entry }
}

/** As one of ours; undefined for what we would never give. */
function ownForm(entry: AclEntry): Acl | undefined {
  const { principal, host, permissionType, resourceName: name } = entry
  const resource = nameOf(resources, entry.resourceType)
  const operation = nameOf(operations, entry.operation)
  const isOurs =
    principal.startsWith('User:') && host === '*' && permissionType === Permission.ALLOW
  if (!isOurs || resource === undefined || operation === undefined) return undefined
  const pattern = entry.resourcePatternType === Pattern.PREFIXED ? 'prefixed' : 'literal'
  return { user: principal.slice('User:'.length), resource, name, pattern, operation }
}

function inWords(entry: AclEntry): string {
  const may = entry.permissionType === Permission.DENY ? 'may never' : 'may'
  const what = nameOf(Operation, entry.operation) ?? String(entry.operation)
  const on = nameOf(Resource, entry.resourceType) ?? String(entry.resourceType)
  const rest = entry.resourcePatternType === Pattern.PREFIXED ? '*' : ''
  return `${entry.principal} ${may} ${what} ${on} ${entry.resourceName}${rest} from ${entry.host}`
}

/** Idempotent. */
export async function addAcls(admin: Admin, acls: readonly BrokerAcl[]): Promise<void> {
  if (acls.length > 0) await admin.createAcls({ acl: acls.map(({ entry }) => entry) })
}

/** Idempotent. */
export async function removeAcls(admin: Admin, acls: readonly BrokerAcl[]): Promise<void> {
  if (acls.length > 0) await admin.deleteAcls({ filters: acls.map(({ entry }) => entry) })
}

const operations: Readonly<Record<AclOperation, number>> = {
  read: Operation.READ,
  write: Operation.WRITE,
  create: Operation.CREATE,
  delete: Operation.DELETE,
  alter: Operation.ALTER,
  describe: Operation.DESCRIBE,
  'describe-configs': Operation.DESCRIBE_CONFIGS,
  'alter-configs': Operation.ALTER_CONFIGS,
}

const resources: Readonly<Record<Acl['resource'], number>> = {
  topic: Resource.TOPIC,
  group: Resource.GROUP,
  'transactional-id': Resource.TRANSACTIONAL_ID,
  cluster: Resource.CLUSTER,
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, unknown>>,
  number: number,
): Name | undefined {
  // The keys of the record.
  return Object.keys(numbers).find((name) => numbers[name as Name] === number) as Name | undefined
}
