import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findMonitoring, isTestedVersion, MonitoringMissing } from './monitoring.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-monitoring-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A folder of programs that say a version, and do nothing else. */
function programs(name: string, version: string, ...files: readonly string[]): string {
  const folder = join(root, name)
  mkdirSync(folder)
  for (const file of files) {
    writeFileSync(join(folder, file), `#!/bin/sh\necho "${file}, version ${version}"\n`)
    chmodSync(join(folder, file), 0o755)
  }
  return folder
}

const debian = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'] as const

describe('Prometheus and Alertmanager', () => {
  test('are taken from PATH, by whichever name the distribution gives them', async () => {
    const path = programs('installed', '2.53.1', ...debian)
    expect(await findMonitoring({ root, path })).toEqual({
      prometheus: join(path, 'prometheus'),
      promtool: join(path, 'promtool'),
      alertmanager: [join(path, 'prometheus-alertmanager')],
      amtool: join(path, 'amtool'),
    })
  })

  test('that cannot be had are said, with what to install', async () => {
    const { PATH: path = '' } = process.env
    const own = programs('no-apt', '', 'apt-get')
    writeFileSync(join(own, 'apt-get'), '#!/bin/sh\necho no network >&2\nexit 100\n')
    process.env['PATH'] = `${own}:${path}`
    const finding = findMonitoring({ root, path: own }).finally(() => {
      process.env['PATH'] = path
    })
    await expect(finding).rejects.toThrow(MonitoringMissing)
    await expect(finding).rejects.toThrow(/apt-get install prometheus.*no network/s)
  })

  test.each([
    ['prometheus, version 2.42.0+ds (branch: debian/sid)', true],
    ['prometheus, version 2.31.2', false],
    ['prometheus, version 3.5.0', false],
    ['something else', false],
  ])('of %s fit the rules: %s', (text, fits) => {
    expect(isTestedVersion(text)).toBe(fits)
  })
})
