import { expect, test } from 'vitest'
import { chooseJava, type Jdk, majorOf } from './java.ts'

const jdk = (major: number): Jdk => ({ home: `/jdk${major}`, major })

test('the main parts get 17, and the registry the lowest version that it supports', () => {
  const { main, registry } = chooseJava([jdk(25), jdk(17), jdk(21), jdk(11)])
  expect([main?.major, registry?.major]).toEqual([17, 21])
})

test('one JDK may be used for both', () => {
  expect(chooseJava([jdk(21)])).toEqual({ main: jdk(21), registry: jdk(21) })
})

test('a JDK without a security manager is not used for the main parts', () => {
  expect(chooseJava([jdk(25)])).toEqual({ main: undefined, registry: jdk(25) })
})

test.each([
  ['JAVA_VERSION="17.0.15"', 17],
  ['IMPLEMENTOR="x"\nJAVA_VERSION="25"\n', 25],
  ['JAVA_VERSION="1.8.0_292"', 8],
  ['nothing of the kind', undefined],
])('the version is read from %j', (release, major) => {
  expect(majorOf(release)).toBe(major)
})
