import { avroText, type Build, envelopeOf, headOf, type RolloutEvent, type Value } from './build.ts'
import { rolloutOf } from './version-change.ts'

const total = { name: 'totalMinor', type: 'long' }

/** Larger than a double can hold exactly, so that a reader that rounds is found. */
const amountOf = (index: number) => 2n ** 63n - 1n - BigInt(index)

const totalBuild = (text: string, more: (value: Value) => object = () => ({})): Build => ({
  contract: { text, format: 'avro' },
  write: ({ totalMinor, ...event }) => ({ ...envelopeOf(event as RolloutEvent), totalMinor }),
  read: (value) => ({ ...headOf(value), totalMinor: value.totalMinor as bigint, ...more(value) }),
})

const orderBefore = totalBuild(avroText('OrderNoted', [total]))
const voucher = { name: 'voucher', type: ['null', 'string'] }

/** FULL: either side may be ahead, because the field has a default in both directions. */
export const addOptionalField = rolloutOf({
  name: 'add-optional-field',
  level: 'FULL_TRANSITIVE',
  first: 'either',
  before: orderBefore,
  after: {
    ...totalBuild(avroText('OrderNoted', [total, { ...voucher, default: null }]), (value) => ({
      voucher: value.voucher,
    })),
    write: (event) => ({ ...orderBefore.write(event), voucher: event.voucher ?? null }),
  },
  factsBefore: (index) => ({ totalMinor: amountOf(index) }),
  factsAfter: (index) => ({ totalMinor: amountOf(index), voucher: index % 2 ? `V${index}` : null }),
  forbidden: {
    what: 'the field without a default',
    text: avroText('OrderNoted', [total, voucher]),
  },
})

const gross = { name: 'grossMinor', type: 'long' }

/** BACKWARD: the new reader knows the old name, but the old reader does not know the new one. */
export const renameByAlias = rolloutOf({
  name: 'rename-by-alias',
  level: 'BACKWARD_TRANSITIVE',
  first: 'consumers',
  before: orderBefore,
  after: {
    contract: {
      format: 'avro',
      text: avroText('OrderNoted', [{ ...gross, aliases: ['totalMinor'] }]),
    },
    write: (event) => ({ ...envelopeOf(event), grossMinor: event.totalMinor }),
    read: (value) => ({ ...headOf(value), totalMinor: value.grossMinor as bigint }),
  },
  factsBefore: (index) => ({ totalMinor: amountOf(index) }),
  factsAfter: (index) => ({ totalMinor: amountOf(index) }),
  forbidden: { what: 'the new name without the alias', text: avroText('OrderNoted', [gross]) },
})

const noticeBefore: Build = {
  contract: { format: 'avro', text: avroText('Notice', [{ name: 'text', type: 'string' }]) },
  write: (event) => ({ ...envelopeOf(event), text: event.text }),
  read: (value) => ({ ...headOf(value), text: String(value.text) }),
}
const locale = { name: 'locale', type: 'string' }

/** FORWARD: an old reader skips a new field, but a new reader has no value for a field that is missing. */
export const addRequiredField = rolloutOf({
  name: 'add-required-field',
  level: 'FORWARD',
  first: 'producers',
  before: noticeBefore,
  after: {
    contract: {
      format: 'avro',
      text: avroText('Notice', [{ name: 'text', type: 'string' }, locale]),
    },
    write: (event) => ({ ...noticeBefore.write(event), locale: event.locale }),
    read: (value) => ({ ...headOf(value), text: String(value.text), locale: String(value.locale) }),
  },
  factsBefore: (index) => ({ text: `notice ${index}` }),
  factsAfter: (index) => ({ text: `notice ${index}`, locale: index % 2 ? 'el' : 'ja' }),
  forbidden: {
    what: 'a version without a field that old readers need',
    text: avroText('Notice', [locale]),
  },
})

const parcelText = (branches: string, messages: string) => `syntax = "proto3";

package tenseams.rollout.v1;

message ParcelEvent {
  string event_id = 1;
  string stream_id = 2;
  int64 version = 3;
  string type = 4;
  ParcelSent sent = 5;
${branches}}

message ParcelSent {
  string carrier = 1;
}
${messages}`

const lostMessage = '\nmessage ParcelLost {\n  string depot = 1;\n}\n'

const parcelBefore: Build = {
  contract: { format: 'protobuf', text: parcelText('', '') },
  write: (event) => ({
    ...{ ...envelopeOf(event), type: 'ParcelSent' },
    sent: { carrier: event.carrier },
  }),
  read: (value) => {
    if (value.sent === null) return undefined
    return { ...headOf(value), carrier: String((value.sent as Value).carrier) }
  },
}

/**
 * The bytes are compatible in both directions, the meaning is not: a reader that does not know a type skips the record and
 * commits, so it never handles that event. Therefore consumers go first even where the level allows any order.
 */
export const addEventType = rolloutOf({
  name: 'add-event-type',
  level: 'BACKWARD_TRANSITIVE',
  first: 'consumers',
  before: parcelBefore,
  after: {
    contract: {
      format: 'protobuf',
      text: parcelText('  ParcelLost lost = 6;\n', lostMessage),
    },
    write: (event) =>
      event.depot === undefined
        ? { ...parcelBefore.write(event), lost: null }
        : {
            ...{ ...envelopeOf(event), type: 'ParcelLost', sent: null },
            lost: { depot: event.depot },
          },
    read: (value) => {
      if (value.lost === null) return parcelBefore.read(value)
      return { ...headOf(value), depot: String((value.lost as Value).depot) }
    },
  },
  factsBefore: (index) => ({ carrier: `carrier ${index}` }),
  factsAfter: (index) => (index % 2 ? { depot: `depot ${index}` } : { carrier: `by ${index}` }),
  forbidden: {
    what: "another message under an old branch's number",
    text: parcelText('', lostMessage).replace('ParcelSent sent = 5', 'ParcelLost lost = 5'),
  },
})
