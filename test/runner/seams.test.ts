import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rootFolder } from './program.ts'
import { pathsOfSeam, seams } from './seams.ts'

const folders = readdirSync(join(rootFolder, 'test/seams'))

test('every folder of test/seams belongs to a seam that can be chosen', () => {
  const numbers = new Set(folders.map((folder) => Number(folder.slice(0, 2))))
  expect([...seams].sort()).toEqual([...numbers].sort())
})

test.each(seams)('the paths of seam %i are there', (seam) => {
  const [own = '', ...others] = pathsOfSeam(seam)
  expect(folders.some((folder) => `test/seams/${folder}`.startsWith(own))).toBe(true)
  for (const path of others) {
    const isThere = existsSync(join(rootFolder, path)) || existsSync(join(rootFolder, `${path}.ts`))
    expect(isThere, path).toBe(true)
  }
})

test('a seam without tests is refused', () => {
  expect(() => pathsOfSeam(10)).toThrow('seams with tests are 2, 3, 4, 5, 6, 7, 8, 9: not 10')
})
