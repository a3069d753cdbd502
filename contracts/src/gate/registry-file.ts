import protobuf from 'protobufjs'

/** A Protobuf file as our registry, Apicurio, sees it: by the texts of names and types, without resolving them as buf does. */
export type RegistryFile = {
  readonly packageName: string
  readonly isProto2: boolean
  /** By their names, with those of the messages around them. */
  readonly messages: ReadonlyMap<string, RegistryMessage>
  /** Symbols with their numbers. */
  readonly enums: ReadonlyMap<string, RegistryEnum>
  /** Signatures as they are written, by service and rpc. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export type RegistryMessage = {
  readonly path: string
  readonly fields: ReadonlyMap<string, RegistryField>
  readonly reserved: readonly (string | NumberRange)[]
}

export type RegistryField = {
  readonly name: string
  readonly number: number
  /** As it is written. */
  readonly type: string
  /** Undefined where none is written. */
  readonly label: 'optional' | 'required' | 'repeated' | undefined
  /** The type that is meant, whatever it is called. */
  readonly meant: string
  readonly oneof: string | undefined
}

export type RegistryEnum = {
  readonly path: string
  readonly symbols: ReadonlyMap<string, number>
}

export type NumberRange = readonly [from: number, to: number]

/** @throws Error when the text is not Protobuf. */
export function registryFileOf(text: string): RegistryFile {
  const { root, package: packageName = '' } = protobuf.parse(text, { keepCase: true })
  root.resolveAll()
  const isProto2 = !/^\s*syntax\s*=\s*["']proto3["']/m.test(text)
  const messages = new Map<string, RegistryMessage>()
  const enums = new Map<string, RegistryEnum>()
  const collect = (entry: protobuf.ReflectionObject, around: string): void => {
    const path = `${around}${entry.name}`
    if (entry instanceof protobuf.Type && !isGroup(entry)) {
      messages.set(path, messageOf(entry, path, isProto2))
      for (const nested of entry.nestedArray) collect(nested, `${path}.`)
    } else if (entry instanceof protobuf.Enum) {
      enums.set(path, { path, symbols: new Map(Object.entries(entry.values)) })
    }
  }
  const entries = entriesOf(root, packageName)
  for (const entry of entries) collect(entry, '')
  return { packageName, isProto2, messages, enums, services: servicesIn(entries) }
}

function entriesOf(root: protobuf.Root, name: string): readonly protobuf.ReflectionObject[] {
  const space = root.lookup(name)
  return space instanceof protobuf.Namespace ? space.nestedArray : []
}

function messageOf(message: protobuf.Type, path: string, isProto2: boolean): RegistryMessage {
  const fields = message.fieldsArray
    // Those that an extension adds are not written in the message, and a group is not seen.
    .filter(({ declaringField, resolvedType }) => declaringField === null && !isGroup(resolvedType))
    .map((field) => [field.name, fieldOf(field, isProto2)] as const)
  const reserved = (message.reserved ?? []).map((each) =>
    typeof each === 'string' ? each : ([each[0] ?? 0, each[1] ?? 0] as const),
  )
  return { path, fields: new Map(fields), reserved }
}

function isGroup(type: protobuf.ReflectionObject | null): boolean {
  return type instanceof protobuf.Type && 'group' in type && type.group === true
}

function fieldOf(field: protobuf.Field, isProto2: boolean): RegistryField {
  const word = (of: string) =>
    field instanceof protobuf.MapField ? `map<${field.keyType}, ${of}>` : of
  const isOptional = field.options?.proto3_optional === true
  const oneof = isOptional ? undefined : field.partOf?.name
  return {
    ...{ name: field.name, number: field.id, oneof },
    type: word(field.type),
    label: labelOf(field, isOptional, isProto2 && oneof === undefined),
    meant: word(field.resolvedType?.fullName ?? field.type),
  }
}

function labelOf(
  field: protobuf.Field,
  isOptional: boolean,
  // proto2 has one wherever there is no oneof.
  hasAlwaysLabel: boolean,
): RegistryField['label'] {
  if (field instanceof protobuf.MapField) return undefined
  if (field.repeated) return 'repeated'
  if (field.required) return 'required'
  return isOptional || hasAlwaysLabel ? 'optional' : undefined
}

function servicesIn(
  entries: readonly protobuf.ReflectionObject[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const services = entries.filter((entry) => entry instanceof protobuf.Service)
  return new Map(
    services.map(({ name, methodsArray }) => {
      const rpcs = methodsArray.map((method) => [method.name, signatureOf(method)] as const)
      return [name, new Map(rpcs)] as const
    }),
  )
}

function signatureOf(method: protobuf.Method): string {
  const { requestType, requestStream, responseType, responseStream } = method
  const stream = (isStream: boolean | undefined) => (isStream === true ? 'stream ' : '')
  return `(${stream(requestStream)}${requestType}) returns (${stream(responseStream)}${responseType})`
}

export const scalars: ReadonlySet<string> = new Set([
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'],
  ...['fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'],
])

/**
 * The type by which the registry compares a field. A name without dots is looked for from the message outwards; one with
 * dots counts as it is written, though it may mean the same type.
 *
 * @param message the field's message, with those around it.
 */
export function comparedType(file: RegistryFile, type: string, message: string): string {
  if (type.startsWith('map<') || type.startsWith('.') || scalars.has(type)) return type
  if (type.includes('.')) return `.${type}`
  const scopes = message.split('.')
  const candidates = scopes.map((_, index) => {
    const scope = scopes.slice(0, scopes.length - index).join('.')
    return `${scope}.${type}`
  })
  const found = [...candidates, type].find((name) => isKnown(file, name))
  const prefix = file.packageName === '' ? '.' : `.${file.packageName}.`
  return `${prefix}${found ?? type}`
}

function isKnown({ messages, enums }: RegistryFile, name: string): boolean {
  return messages.has(name) || enums.has(name)
}

/** The messages with a name, whatever is around them. */
export function messagesCalled(file: RegistryFile, name: string): readonly RegistryMessage[] {
  return [...file.messages.values()].filter(({ path }) => isCalled(path, name))
}

type Group = { readonly path: string; readonly names: ReadonlyMap<number, string> }

/** The messages and enums with a name, and the names in them by number. */
export function groupsCalled(file: RegistryFile, name: string): readonly Group[] {
  const messages = messagesCalled(file, name).map(({ path, fields }) => ({
    path,
    names: new Map([...fields.values()].map((field) => [field.number, field.name] as const)),
  }))
  const enums = [...file.enums.values()].filter(({ path }) => isCalled(path, name))
  return [...messages, ...enums.map(({ path, symbols }) => ({ path, names: byNumber(symbols) }))]
}

function isCalled(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`)
}

/** Of two symbols with one number, the registry sees the last one. */
export function byNumber(symbols: ReadonlyMap<string, number>): ReadonlyMap<number, string> {
  return new Map([...symbols].map(([symbol, number]) => [number, symbol]))
}
