import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from '@tenseams/cli/errors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCheckout, removeCheckout } from './checkout.ts'

const repository = mkdtempSync(join(tmpdir(), 'ten-seams-repository-'))

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
  return spawnSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' }).stdout
}

beforeAll(() => {
  git('init', '-q')
  for (const text of ['first', 'second']) {
    writeFileSync(join(repository, 'file'), text)
    git('add', '.')
    git('commit', '-q', '-m', text)
  }
})

afterAll(() => rmSync(repository, { recursive: true, force: true }))

test('a base has the files of its commit, and leaves nothing when it is removed', () => {
  const base = addCheckout('HEAD~1', repository)
  expect(readFileSync(join(base.root, 'file'), 'utf8')).toBe('first')
  expect(base.commit).toBe(git('rev-parse', '--short', 'HEAD~1').trim())
  removeCheckout(base, repository)
  expect(existsSync(dirname(base.root))).toBe(false)
  expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1)
})

test('a commit that is not there is refused by its name', () => {
  expect(() => addCheckout('no-such-commit', repository)).toThrow(UsageError)
  expect(() => addCheckout('no-such-commit', repository)).toThrow('no-such-commit')
})
