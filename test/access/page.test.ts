import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Access, operationRights, routeRights } from '@tenseams/identities/routes'
import { expect, test } from 'vitest'
import { rootFolder } from '../runner/program.ts'

function who(access: Access): string {
  if (access === 'public') return 'everybody'
  if ('only' in access) return `${access.only.join(', ')} only`
  return [access.role, ...(access.also ?? [])].join(', ')
}

function rows(service: string, rights: Readonly<Record<string, Access>>): readonly string[] {
  return Object.entries(rights).map(
    ([route, access]) => `| ${service} | \`${route}\` | ${who(access)} |`,
  )
}

test('the page about HTTP says of each route who may use it', () => {
  const page = readFileSync(join(rootFolder, 'docs', 'http.md'), 'utf8')
  const declared = [
    ...rows('every', operationRights),
    ...Object.entries(routeRights).flatMap(([service, rights]) => rows(service, rights)),
  ]
  expect(page).toContain(declared.join('\n'))
})
