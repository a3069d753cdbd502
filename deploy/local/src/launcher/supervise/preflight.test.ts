import { describe, expect, test } from 'vitest'
import { type Facts, lackLines, lacksOf } from './preflight.ts'

const machine: Facts = {
  platform: 'linux',
  root: '/srv/ten seams',
  utf8Locale: true,
  java: { main: { home: '/jdk17', major: 17 }, registry: { home: '/jdk21', major: 21 } },
  jarsMissingMb: 500,
  maven: 'Apache Maven 3.8.7',
  availableMemoryMb: 8_000,
  freeDiskMb: 20_000,
  cores: 2,
  takenPorts: [],
}

const taken = { part: 'kafka', port: 20_011, pid: 7, command: 'nc -l 20011' }

describe('preflight', () => {
  test('finds nothing lacking on a machine that has everything', () => {
    expect(lacksOf(machine, 'full')).toEqual([])
  })

  test('does not require Maven when every jar is installed', () => {
    expect(lacksOf({ ...machine, jarsMissingMb: 0, maven: undefined }, 'full')).toEqual([])
  })

  test.each([
    ['Linux', { platform: 'darwin' }, /darwin is not Linux/],
    ['the main JDK', { java: { ...machine.java, main: undefined } }, /no JDK from 17 to 23/],
    ['the JDK of the registry', { java: { ...machine.java, registry: undefined } }, /JDK of 21/],
    ['Maven', { maven: undefined }, /mvn was not found/],
    ['memory', { availableMemoryMb: 1_000 }, /1000 MB of memory/],
    ['disk', { freeDiskMb: 100 }, /100 MB of disk/],
    ['a port', { takenPorts: [taken] }, /port 20011.*kafka.*process 7 \(nc -l 20011\)/],
  ])('tells of %s, in one line with what to do about it', (_, difference, line) => {
    const lacks = lacksOf({ ...machine, ...difference }, 'full')
    expect(lacks).toHaveLength(1)
    expect(lacks[0]?.what).toMatch(line)
    expect(lacks[0]?.remedy).not.toBe('')
    expect(lackLines(lacks)).toHaveLength(2)
  })

  test.each(['/home/José (α β)/日本 🚲', '/a/b@c~d&e.f_g-h'])('accepts the path %s', (root) => {
    expect(lacksOf({ ...machine, root }, 'full')).toEqual([])
  })

  test.each([
    ['/data/a,b', /path of this folder has ",",/],
    ['/data/a:b', /":"/],
    ['/data/[x]=y', /"\[" "\]" "="/],
    ['/data/100%', /"%"/],
    ['/data/c++', /"\+"/],
    ['/data/new\nline', /"\\n"/],
    ["/data/it's", /"'"/],
    ['/data/$HOME', /"\$"/],
    ['/data/back\\slash', /"\\\\"/],
  ])('refuses the path %j in one line, since data would be kept elsewhere', (root, line) => {
    const lacks = lacksOf({ ...machine, root }, 'full')
    expect(lacks).toHaveLength(1)
    expect(lacks[0]?.what).toMatch(line)
    expect(lacks[0]?.what).not.toContain('\n')
    expect(lacks[0]?.remedy).toMatch(/move it to a path of words/)
  })

  test('refuses a path that is not ASCII where no locale can pass it on', () => {
    const facts = { ...machine, root: '/home/José', utf8Locale: false }
    expect(lacksOf(facts, 'full').map(({ what }) => what)).toEqual([
      expect.stringMatching(/C\.UTF-8 is not there/),
    ])
  })

  test('reports everything at once', () => {
    const bare = { ...machine, java: { main: undefined, registry: undefined }, maven: undefined }
    expect(lacksOf(bare, 'full')).toHaveLength(3)
  })

  test('requires less memory for the profile minimal', () => {
    expect(lacksOf({ ...machine, availableMemoryMb: 2_500 }, 'minimal')).toEqual([])
    expect(lacksOf({ ...machine, availableMemoryMb: 2_500 }, 'full')).toHaveLength(1)
  })
})
