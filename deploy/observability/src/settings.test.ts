import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertmanagerConfig } from './alertmanager.ts'
import { prometheusConfig, type Target } from './prometheus.ts'
import { ruleFilesFor } from './rule-files.ts'

const receiver = { url: 'http://127.0.0.1:1/notifications', tokenFile: '/run/token' }

describe('Alertmanager’s settings', () => {
  test('send every receiver’s notifications to the pager, with a token out of a file', () => {
    const { receivers } = parse(alertmanagerConfig({ profile: 'normal', ...receiver }))
    expect(receivers.map(({ name }: { readonly name: string }) => name)).toEqual([
      ...['page', 'ticket', 'watchdog'],
    ])
    for (const { webhook_configs: webhooks } of receivers) {
      expect(webhooks).toMatchObject([
        {
          url: receiver.url,
          send_resolved: true,
          http_config: { authorization: { credentials_file: receiver.tokenFile } },
        },
      ])
    }
  })

  test('have times 20 times shorter in drills', () => {
    const waitsIn = (profile: 'normal' | 'drill') => {
      const { route } = parse(alertmanagerConfig({ profile, ...receiver }))
      return [route, ...route.routes].map(({ group_wait: wait }) => wait)
    }
    expect(waitsIn('normal')).toEqual(['1m', '0s', '20s'])
    expect(waitsIn('drill')).toEqual(['3s', '0s', '1s'])
  })
})

describe('Prometheus’ settings', () => {
  const targets: readonly Target[] = [
    { job: 'orders', address: '127.0.0.1:1', login: { kind: 'bearer', tokenFile: '/run/token' } },
    { job: 'flink', address: '127.0.0.1:2', login: { kind: 'none' } },
  ]
  const login = { kind: 'basic', username: 'prometheus', passwordFile: '/run/token' } as const
  const options = {
    ...{ targets, ruleFiles: ['/run/rules/*.yml'] },
    alertmanager: { address: '127.0.0.1:3', login },
  }

  test('have a job for each part, with its login and a bound for what it may show', () => {
    const { scrape_configs: jobs } = parse(prometheusConfig({ profile: 'normal', ...options }))
    expect(jobs).toMatchObject([
      {
        job_name: 'orders',
        authorization: { credentials_file: '/run/token' },
        sample_limit: 20_000,
        static_configs: [{ targets: ['127.0.0.1:1'] }],
      },
      { job_name: 'flink', sample_limit: 20_000, static_configs: [{ targets: ['127.0.0.1:2'] }] },
    ])
    expect(jobs[1]).not.toHaveProperty('authorization')
  })

  test('evaluate each second in drills and scrape every other, with a timeout that is no longer', () => {
    const { global } = parse(prometheusConfig({ profile: 'drill', ...options }))
    expect(global).toEqual({
      ...{ scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
    })
  })

  test.each(['normal', 'drill'] as const)(
    'leave the exporter longer than it waits for the others, in the profile %s',
    (profile) => {
      const exporter: Target = { job: 'exporter', address: '127.0.0.1:4', login: { kind: 'none' } }
      const { scrape_configs: jobs } = parse(
        prometheusConfig({ profile, ...options, targets: [exporter] }),
      )
      expect(jobs).toMatchObject([{ job_name: 'exporter', scrape_timeout: '5s' }])
    },
  )
})

describe('the files of rules', () => {
  const textsOf = (profile: 'normal' | 'drill') => ruleFilesFor(profile)

  test('are the same files in every profile', () => {
    expect([...textsOf('drill').keys()]).toEqual([...textsOf('normal').keys()])
  })

  test('have shorter windows in drills, those of objectives and of causes', () => {
    const drill = textsOf('drill')
    expect(drill.get('slo.yml')).toContain('[15s]')
    expect(drill.get('services.yml')).toContain('tenseams_consumer_rebalances_total[30s]')
    expect(drill.get('services.yml')).toContain('for: 15s')
    expect([...drill.values()].join('')).not.toMatch(/\[\d+[mhd]\]|offset \d+m/)
  })

  test('compare ages with shorter ones in drills, where a healthy system allows it', () => {
    expect(textsOf('normal').get('capture.yml')).toContain('timestamp_seconds > 120')
    expect(textsOf('drill').get('capture.yml')).toContain('timestamp_seconds > 20')
  })

  test('wait in drills at least for two scrapes of the exporter', () => {
    const waits = [...textsOf('drill').values()].flatMap((text) => text.match(/\bfor: .+/g) ?? [])
    expect([...new Set(waits)].toSorted()).toEqual([
      ...['for: 10s', 'for: 15s', 'for: 30s', 'for: 45s', 'for: 90s'],
    ])
  })
})
