import type { Dashboard, Row } from './dashboard.ts'
import { boundOf, burnAlerts, burnRates, pagingRate } from './objectives.ts'
import { age, orZero, p99, quantile, rate, share } from './promql.ts'

const requests = 'tenseams_http_request_duration_seconds'
const placing = '{service="orders",method="POST",route="/orders"}'
const handlers = 'tenseams_handler_duration_seconds'

const objectives: Row = {
  title: 'Do customers get what is promised?',
  panels: [
    {
      title: 'How fast is each error budget spent?',
      unit: 'short',
      queries: burnRates('1h'),
      look: 'At 1 the budget of 28 days lasts for 28 days. Red is where somebody is paged: the budget would be spent in two days.',
      bad: { above: pagingRate },
    },
    {
      title: 'How much of each error budget is left?',
      unit: 'percentunit',
      queries: { '{{slo}}': 'min by (slo) (tenseams:slo_budget_left:ratio)' },
      look: 'Below 0 the promise of 28 days is broken; docs/reference/error-budgets.md says what is frozen then.',
      bad: { below: 0 },
    },
    {
      title: 'Which alerts fire?',
      unit: 'none',
      queries: { '{{severity}}': 'count by (severity) (ALERTS{alertstate="firing"})' },
      look: 'One with the severity none fires always: without it no alert would arrive.',
      alerts: ['Watchdog'],
    },
    {
      title: 'How long does an order take?',
      unit: 's',
      queries: {
        'half of them': quantile(0.5, 'tenseams_order_completion_seconds', []),
        '99 of 100': quantile(0.99, 'tenseams_order_completion_seconds', []),
      },
      look: 'From being placed to being completed, which is what a customer waits for. Where the time goes, a trace says: npm run trace -- <order id>.',
      bad: boundOf('order-completed-in-time'),
      alerts: burnAlerts('order-completed-in-time'),
    },
  ],
}

const routes: Row = {
  title: 'Routes: rate, errors, duration',
  panels: [
    {
      title: 'How are requests to place an order answered?',
      unit: 'reqps',
      queries: { '{{status}}': `sum by (status) (${rate(`${requests}_count${placing}`)})` },
      look: '201 is an accepted order. 4xx are refusals with a reason; 5xx spend the budget.',
    },
    {
      title: 'How many requests does each route get?',
      unit: 'reqps',
      queries: {
        '{{service}} {{route}}': `sum by (service, route) (${rate(`${requests}_count`)})`,
      },
      look: 'A route that falls to 0 while others go on: its callers are away, or somebody refuses them before it.',
    },
    {
      title: 'Which share of the requests of each route fails?',
      unit: 'percentunit',
      queries: {
        '{{service}} {{route}}': share(`${requests}_count{status=~"5.."}`, `${requests}_count`, [
          ...['service', 'route'],
        ]),
      },
      look: 'Only 5xx: what a caller did wrong is no failure of ours. Above the line the budget of accepted orders is spent.',
      bad: boundOf('order-accepted'),
      alerts: burnAlerts('order-accepted'),
    },
    {
      title: 'How long does each route take, in 99 of 100 requests?',
      unit: 's',
      queries: { '{{service}} {{route}}': p99(requests, ['service', 'route']) },
      look: 'The line is what is promised for placing an order. All routes of one service: its event loop or its pool; one route: its statements.',
      bad: boundOf('order-accepted-in-time'),
      alerts: burnAlerts('order-accepted-in-time'),
    },
  ],
}

const groups: Row = {
  title: 'Handlers: rate, errors, duration',
  panels: [
    {
      title: 'How late is each group?',
      unit: 's',
      queries: { '{{group}}': 'max by (group) (tenseams_consumer_lag_seconds)' },
      look: 'The age of the first record that is not committed. It rises by a second each second when a group is dead.',
      bad: boundOf('consumer-lag'),
      alerts: burnAlerts('consumer-lag'),
    },
    {
      title: 'How many records does each group handle?',
      unit: 'cps',
      queries: {
        '{{group}} {{topic}}': `sum by (group, topic) (${rate('tenseams_consumed_records_total')})`,
      },
      look: 'It should follow the rate of placed orders. A fall with rising lag: look at the next two panels.',
    },
    {
      title: 'Which share of the attempts of each handler fails or waits?',
      unit: 'percentunit',
      queries: {
        '{{group}} {{topic}}': share(
          `${handlers}_count{outcome=~"failed|wait"}`,
          `${handlers}_count`,
          [...['group', 'topic']],
        ),
      },
      look: 'Waiting is for a dependency that is unavailable; failing is a bug of ours. Both are tried again.',
      alerts: ['HandlersFail'],
    },
    {
      title: 'How long does each handler take, in 99 of 100 records?',
      unit: 's',
      queries: { '{{group}} {{topic}}': p99(handlers, ['group', 'topic']) },
      look: 'payments calls the provider, so there its answers count, too.',
    },
    {
      title: 'How many records became dead letters in the last hour?',
      unit: 'none',
      queries: {
        '{{group}} {{topic}}: {{reason}}': orZero(
          'sum by (group, topic, reason) (increase(tenseams_dead_lettered_records_total[1h]))',
        ),
      },
      look: 'Anything above 0 is looked at: npm run dlq -- list. Undecodable ones: their producer does not keep the contract.',
      alerts: ['UndecodableRecords'],
    },
    {
      title: 'Which share of the records of each group becomes a dead letter?',
      unit: 'percentunit',
      queries: {
        '{{group}}': share(
          'tenseams_dead_lettered_records_total',
          'tenseams_consumed_records_total',
          ['group'],
        ),
      },
      look: 'Above the line the budget is spent faster than it may be.',
      bad: boundOf('few-dead-letters'),
      alerts: burnAlerts('few-dead-letters'),
    },
  ],
}

const saturation: Row = {
  title: 'What is full? Utilisation and saturation',
  panels: [
    {
      title: 'How full is each queue?',
      unit: 'percentunit',
      queries: {
        '{{service}} {{queue}}':
          'max by (service, queue) (tenseams_queue_items / tenseams_queue_capacity_items)',
      },
      look: 'A full queue refuses, or makes its callers wait.',
      alerts: ['QueueNearlyFull'],
    },
    {
      title: 'Which share of each pool is in use?',
      unit: 'percentunit',
      queries: {
        '{{service}} {{pool}}':
          'sum by (service, pool) (tenseams_pool_connections{state="used"}) / sum by (service, pool) (tenseams_pool_capacity_connections)',
      },
      look: 'At 1 every further statement waits; the next panel says how many do.',
    },
    {
      title: 'How many requests wait for a connection?',
      unit: 'none',
      queries: {
        '{{service}} {{pool}}': 'max by (service, pool) (tenseams_pool_waiting_requests)',
      },
      look: 'Above 0 for long: the pool is too small, or a statement holds its connection for too long.',
      alerts: ['PoolExhausted'],
    },
    {
      title: 'How long is each event loop blocked?',
      unit: 's',
      queries: { '{{service}}': 'max by (service) (nodejs_eventloop_lag_p99_seconds)' },
      look: 'While it is blocked, the service answers nobody, its probes included. It samples each 0.1 s, so about that much is none.',
    },
    {
      title: 'How much CPU does each service use?',
      unit: 'percentunit',
      queries: { '{{service}}': `sum by (service) (${rate('process_cpu_seconds_total')})` },
      look: '1 is a whole core, and a service has one event loop: near 1 it is at its limit.',
    },
    {
      title: 'How much memory does each service have?',
      unit: 'bytes',
      queries: { '{{service}}': 'max by (service) (process_resident_memory_bytes)' },
      look: 'A line that never falls again is a leak.',
    },
  ],
}

const money: Row = {
  title: 'Is the money right?',
  panels: [
    {
      title: 'Which invariants are violated?',
      unit: 'none',
      queries: { '{{invariant}}': 'max by (invariant) (tenseams_invariant_violations)' },
      look: 'Anything above 0: npm run reconcile names the orders.',
      alerts: ['InvariantViolated'],
    },
    {
      title: 'Which invariants could not be judged?',
      unit: 'none',
      queries: { '{{invariant}}': 'max by (invariant) (tenseams_invariant_undecided)' },
      look: '1 while a part that the audit needs does not answer. For long it is green only because it does not look.',
      alerts: ['InvariantUndecided'],
    },
    {
      title: 'How old is the last audit?',
      unit: 's',
      queries: { age: age('max(tenseams_last_audit_timestamp_seconds)') },
      look: 'It rises to some minutes at rest, when there is nothing new to audit.',
      bad: boundOf('audited'),
      alerts: [...burnAlerts('audited'), 'AuditorSilent'],
    },
    {
      title: 'How many differences to the provider were found in the last hour?',
      unit: 'none',
      queries: {
        '{{kind}}': orZero('sum by (kind) (increase(tenseams_reconciled_payments_total[1h]))'),
      },
      look: 'Each was repaired. A few after an outage are expected; steady ones mean that answers get lost.',
      alerts: ['PaymentsRepaired'],
    },
    {
      title: 'Has somebody frozen captures?',
      unit: 'none',
      queries: { frozen: 'max(tenseams_captures_frozen)' },
      look: '1 while no money is captured, on purpose: npm run oncall -- captures says who froze it and why.',
      alerts: ['CapturesFrozen'],
    },
  ],
}

const telemetry: Row = {
  title: 'Can this page be believed?',
  panels: [
    {
      title: 'Which parts answer a scrape?',
      unit: 'none',
      queries: { '{{job}}': 'min by (job) (up)' },
      look: 'At 0 a part is dead, or refuses the login.',
      bad: { below: 1 },
      alerts: ['ServiceDown', 'ExporterDown'],
    },
    {
      title: 'What does the exporter get an answer from?',
      unit: 'none',
      queries: { '{{source}}': 'min by (source) (tenseams_exporter_source_up)' },
      look: 'At 0 the series of that source are left out, and alerts about them cannot fire.',
      bad: { below: 1 },
      alerts: ['ExporterSourceSilent'],
    },
    {
      title: 'How long does the exporter wait for each answer?',
      unit: 's',
      queries: { '{{source}}': 'max by (source) (tenseams_exporter_collect_duration_seconds)' },
      look: 'After 4 s it gives up.',
    },
    {
      title: 'What went wrong with alerts in the last hour?',
      unit: 'none',
      queries: {
        'rules that could not be evaluated':
          'sum(increase(prometheus_rule_evaluation_failures_total[1h]))',
        'alerts that Alertmanager did not take':
          'sum(increase(prometheus_notifications_errors_total[1h]))',
        'notifications that were not delivered':
          'sum(increase(alertmanager_notifications_failed_total[1h]))',
      },
      look: 'Above 0: somebody may not have been called.',
      alerts: ['RulesFail', 'AlertsNotDelivered', 'PagesNotDelivered'],
    },
  ],
}

export const wholeWay: Dashboard = {
  uid: 'tenseams-whole-way',
  title: 'The whole way',
  says: 'The first page for whoever was paged: whether customers wait, and which part makes them wait.',
  rows: [objectives, routes, groups, saturation, money, telemetry],
}
