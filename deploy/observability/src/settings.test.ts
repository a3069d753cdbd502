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

  test('evaluate and scrape each second in drills, with a timeout that is no longer', () => {
    const { global } = parse(prometheusConfig({ profile: 'drill', ...options }))
    expect(global).toEqual({
      ...{ scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    })
  })
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
    expect(drill.get('services.yml')).toContain('for: 3s')
    expect([...drill.values()].join('')).not.toMatch(/\[\d+[mhd]\]|offset \d+m/)
  })
})
