import { expect, it } from 'vitest'
import { differencesOf } from './gate/differences.ts'
import { parseSchema } from './schemas.ts'

const schema = (aliases: unknown, field = 'note') =>
  JSON.stringify({
    type: 'record',
    name: 'Thing',
    fields: [{ name: field, type: ['null', 'string'], default: null, aliases }],
  })

it.each(['note', {}, [['note']], ['no name'], [1], null])(
  'aliases are a list of names, and not %j, which avsc takes and Avro’s Java refuses',
  (aliases) => {
    const older = schema([])
    const compare = (newer: string) => () => differencesOf('avro', 'BACKWARD', [older], newer)
    expect(compare(schema(aliases, 'remark'))).toThrow(
      `remark: aliases is a list of names, not ${JSON.stringify(aliases)}`,
    )
    expect(() => parseSchema(schema(aliases, 'remark'), 'a.avsc')).toThrow(
      'remark: aliases is a list',
    )
    expect(compare(schema(['note', 'my.note'], 'remark'))).not.toThrow()
  },
)

it('aliases of a type are a list of names, too', () => {
  const inner = { type: 'record', name: 'Inner', aliases: 'Outer', fields: [] }
  const text = JSON.stringify({
    type: 'record',
    name: 'Thing',
    fields: [{ name: 'list', type: { type: 'array', items: ['null', inner] } }],
  })
  expect(() => differencesOf('avro', 'FULL', [text], text)).toThrow('list: aliases is a list')
})
