import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RegistryUnavailableError, UndecodableError } from './errors.ts'
import { SchemaLookup } from './schema-lookup.ts'

/** Answers with the status that is the asked id, 404 in the registry's own way for 40403, and these with 200. */
const bodies = new Map<number, string>()
let registry: Server
let lookup: SchemaLookup

beforeAll(async () => {
  registry = createServer((request, response) => {
    const id = Number(request.url?.split('/').at(-1))
    const body = bodies.get(id)
    if (body !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(body)
      return
    }
    const type = id === 40403 ? 'application/vnd.schemaregistry.v1+json' : 'text/html'
    response.writeHead(id === 40403 ? 404 : id, { 'content-type': type })
    response.end(id === 40403 ? '{"error_code":40403,"message":"no such schema"}' : '<html></html>')
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  const { port } = registry.address() as AddressInfo
  lookup = new SchemaLookup(`http://127.0.0.1:${port}`, 5_000)
})

afterAll(() => new Promise((resolve) => registry.close(resolve)))

test('a schema that the registry does not have makes its records undecodable', async () => {
  await expect(lookup.writerOf(40403)).rejects.toThrow(UndecodableError)
})

test.each([401, 403, 404, 500, 503])(
  'a status %i that says nothing about the schema is an outage',
  async (status) => {
    await expect(lookup.writerOf(status)).rejects.toThrow(RegistryUnavailableError)
  },
)

const avroOf = (name: string, type: unknown) =>
  JSON.stringify({ type: 'record', name, fields: [{ name: 'a', type }] })
const deep = Array.from({ length: 20_000 }).reduce<string>(
  (items) => `{"type":"array","items":${items}}`,
  '"int"',
)

test.each<readonly [string, object]>([
  ['Avro with a name that only Java takes', { schema: avroOf('Überweisung', 'string') }],
  ['Avro with a type that is not there', { schema: avroOf('R', 'Missing') }],
  ['Avro that is no JSON', { schema: '{' }],
  [
    'Avro with more lists than a stack',
    { schema: `{"type":"record","name":"R","fields":[{"name":"a","type":${deep}}]}` },
  ],
  ['Protobuf that is none', { schemaType: 'PROTOBUF', schema: 'hello {' }],
  ['JSON Schema', { schemaType: 'JSON', schema: '{"type":"object"}' }],
  ['a kind of schema that nobody knows', { schemaType: 'XML', schema: '<a/>' }],
])(
  '%s, which anybody may register, makes its own records undecodable, and stops no other',
  async (_, body) => {
    const id = 1_000 + bodies.size
    bodies.set(id, JSON.stringify(body))
    await expect(lookup.writerOf(id)).rejects.toThrow(UndecodableError)
  },
)

test.each(['<html>log in</html>', '{}', '{"schema":5}', '[]', 'null', ''])(
  'an answer that is none of a registry says nothing about the schema: %s',
  async (body) => {
    const id = 1_000 + bodies.size
    bodies.set(id, body)
    await expect(lookup.writerOf(id)).rejects.toThrow(RegistryUnavailableError)
  },
)
