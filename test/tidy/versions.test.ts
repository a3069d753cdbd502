import { expect, test } from 'vitest'
import { repeatedVersions } from './versions.ts'

const pom = '<kafka.version>4.3.1</kafka.version><version>1</version>'

test.each(['image: kafka:4.3.1', 'kafka-clients-4.3.1 is the jar', 'Kafka 4.3.1.'])(
  'a version stands in the pom only: %s',
  (text) => {
    const tree = new Map([
      ['deploy/local/jvm/pom.xml', pom],
      ['deploy/a.yaml', text],
    ])
    expect(repeatedVersions(tree)).toEqual([
      'deploy/a.yaml repeats version 4.3.1: the pom is its place',
    ])
  },
)

test.each(['14.3.1', '4.3.10', '4.3.1-beta', '4.3', '4.3.1.2'])('%s is another version', (text) => {
  const tree = new Map([
    ['deploy/local/jvm/pom.xml', pom],
    ['README.md', text],
  ])
  expect(repeatedVersions(tree)).toEqual([])
})

test('a decision may name the version that it was made with', () => {
  const tree = new Map([
    ['deploy/local/jvm/pom.xml', pom],
    ['adr/0001-native.md', 'Kafka 4.3.1'],
  ])
  expect(repeatedVersions(tree)).toEqual([])
})
