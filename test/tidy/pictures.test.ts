import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { drawRun } from '../../docs/pictures/start-once.ts'
import { drawWay } from '../../docs/pictures/way-of-an-event.ts'
import { repositoryFolder } from './tree.ts'

const read = (name: string) => readFileSync(join(repositoryFolder, 'docs/pictures', name), 'utf8')

test('the pictures are drawn from their sources: npx node docs/pictures/draw.ts', () => {
  expect(read('way-of-an-event.svg')).toBe(drawWay())
  expect(read('start-once.svg')).toBe(drawRun(read('start-once.txt')))
})

test('the run in the picture ended in equal counts', () => {
  const lines = read('start-once.txt').split('\n')
  expect(lines).toContain('all counts agree')
  expect(lines.filter((line) => line.startsWith('  DIFFERS'))).toEqual([])
})

test('a run whose counts differ looks different', () => {
  const differs = '  DIFFERS  rows of a.b.v1 in bronze: 1 of 2\nthe counts DO NOT agree\n'
  expect(drawRun(differs)).toContain('class="bad"')
  expect(drawRun('all counts agree\n')).not.toContain('class="bad"')
})
