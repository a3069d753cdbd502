import { type Static, Type } from 'typebox'

const Labels = Type.Record(Type.String(), Type.String())

/** Versions of Alertmanager add properties, which are no reason to lose a page: they are let through, and not kept. */
const open = { additionalProperties: true } as const

const Alert = Type.Object(
  {
    status: Type.Union([Type.Literal('firing'), Type.Literal('resolved')]),
    labels: Labels,
    annotations: Labels,
    startsAt: Type.String(),
    endsAt: Type.String(),
    fingerprint: Type.String(),
  },
  open,
)

/** What Alertmanager sends: its webhook's version 4. */
export const Notification = Type.Object(
  {
    version: Type.Literal('4'),
    receiver: Type.String(),
    status: Type.Union([Type.Literal('firing'), Type.Literal('resolved')]),
    groupKey: Type.String(),
    alerts: Type.Array(Alert),
    truncatedAlerts: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  open,
)

export type Notification = Static<typeof Notification>

/** A notification as it is kept. */
export type Page = {
  readonly receivedAt: string
  /** Alertmanager's receiver: `page`, `ticket` or `watchdog`. */
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  /** What Alertmanager grouped by; all notifications of one group have the same. */
  readonly groupKey: string
  readonly alerts: readonly PagedAlert[]
  /** Alerts of the group that were left out, because there were too many. */
  readonly truncatedAlerts: number
}

export type PagedAlert = {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly fingerprint: string
}

export function pageOf(notification: Notification, receivedAt: string): Page {
  const { receiver, status, groupKey, alerts, truncatedAlerts = 0 } = notification
  return { receivedAt, receiver, status, groupKey, alerts: alerts.map(pagedAlert), truncatedAlerts }
}

function pagedAlert(alert: Notification['alerts'][number]): PagedAlert {
  const { status, labels, annotations, startsAt, endsAt, fingerprint } = alert
  return { status, labels, annotations, startsAt, endsAt, fingerprint }
}
