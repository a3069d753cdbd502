import { describe, expect, test } from 'vitest'
import { partsOf, withoutLeftOut } from './bill.ts'
import { refusedLicence } from './licences.ts'
import { vulnerableIn } from './vulnerable.ts'

const part = (name: string, version: string, licences: readonly string[] = ['MIT']) => ({
  name,
  version,
  licences,
})

test('a bill tells name, version and licences of each part, and leaves out what is ours', () => {
  const components = [
    { name: 'local', version: '1', purl: 'pkg:npm/%40tenseams/local@1' },
    { name: 'static', version: '2', purl: 'pkg:npm/%40fastify/static@2', licenses: [] },
    {
      ...{
        group: 'org.lz4',
        name: 'lz4-java',
        version: '1.8.0',
        purl: 'pkg:maven/org.lz4/lz4-java@1.8.0',
      },
      licenses: [{ license: { id: 'Apache-2.0' } }, { expression: 'MIT OR ISC' }],
    },
  ]
  expect(partsOf(JSON.stringify({ bomFormat: 'CycloneDX', components }))).toEqual([
    { name: '@fastify/static', version: '2', licences: [] },
    { name: 'org.lz4:lz4-java', version: '1.8.0', licences: ['Apache-2.0', 'MIT OR ISC'] },
  ])
})

test('what Maven resolves and the pom leaves out is in no bill', () => {
  const component = (name: string) => ({ 'bom-ref': name, group: 'a', name, version: '1' })
  const text = JSON.stringify({
    bomFormat: 'CycloneDX',
    components: [component('used'), component('left-out')],
    dependencies: [{ ref: 'used', dependsOn: ['left-out'] }, { ref: 'left-out' }],
  })
  const bill = withoutLeftOut(text, ['used-1.jar', 'left-out-2.jar'])
  expect(partsOf(bill).map(({ name }) => name)).toEqual(['a:used'])
  expect(JSON.parse(bill).dependencies).toEqual([{ ref: 'used', dependsOn: [] }])
})

test('what is no bill is not taken for one without parts', () => {
  expect(() => partsOf('{}')).toThrow('no bill of materials')
})

describe('a licence', () => {
  test.each([
    ['MIT'],
    ['The Apache Software License, Version 2.0'],
    ['GPL-3.0-only OR MIT'],
    ['(MIT AND Zlib)'],
  ])('%s is allowed', (licence) => {
    expect(refusedLicence(part('a', '1', [licence]))).toBeUndefined()
  })

  test.each([
    ['GPL-3.0-only'],
    ['AGPL-3.0-or-later'],
    ['MIT AND GPL-3.0-only'],
    ['SSPL-1.0'],
    ['Custom'],
  ])('%s is refused', (licence) => {
    expect(refusedLicence(part('a', '1', [licence]))).toBe(licence)
  })

  test('of two that are offered, one is enough', () => {
    expect(refusedLicence(part('a', '1', ['GPL-2.0-only', 'EPL-2.0']))).toBeUndefined()
  })

  test('that is not declared is refused, but where it is known why', () => {
    expect(refusedLicence(part('a', '1', []))).toBe('it declares no licence')
    expect(refusedLicence(part('@kafkajs/confluent-schema-registry', '1', []))).toBeUndefined()
  })
})

test('versions that an audit named are found again, and those that replaced them are not', () => {
  const before = [
    part('org.lz4:lz4-java', '1.8.0'),
    part('org.postgresql:postgresql', '42.7.5'),
    part('org.apache.flink:flink-shaded-netty', '4.1.100.Final-20.0'),
  ]
  expect(vulnerableIn(before).map((finding) => [finding.part.name, finding.stays])).toEqual(
    before.map(({ name }) => [name, undefined]),
  )
  const now = [
    part('at.yawk.lz4:lz4-java', '1.14.0'),
    part('org.postgresql:postgresql', '42.7.13'),
    // It does not know channel binding yet.
    part('org.postgresql:postgresql', '42.6.1'),
    part('org.apache.flink:flink-shaded-netty', '4.2.6.Final-21.0'),
  ]
  expect(vulnerableIn(now)).toEqual([])
})
