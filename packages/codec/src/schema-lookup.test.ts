import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RegistryUnavailableError, UndecodableError } from './errors.ts'
import { SchemaLookup } from './schema-lookup.ts'

/** Answers with the status that is the asked id, 404 in the registry's own way for 40403. */
let registry: Server
let lookup: SchemaLookup

beforeAll(async () => {
  registry = createServer((request, response) => {
    const id = Number(request.url?.split('/').at(-1))
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
