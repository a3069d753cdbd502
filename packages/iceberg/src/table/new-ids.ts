import { type ColumnType, matchType } from '../format/schema.ts'

/** Column ids that the table has never used. */
export class Ids {
  last: number

  constructor(last: number) {
    this.last = last
  }

  next(): number {
    this.last += 1
    return this.last
  }
}

/** The type with new ids throughout. Aliases are left out, because a table's schema has none. */
export function withNewIds(type: ColumnType, ids: Ids): ColumnType {
  return matchType<ColumnType>(type, {
    primitive: (primitive) => primitive,
    struct: ({ fields }) => ({
      type: 'struct',
      fields: fields.map(({ aliases: _aliases, ...field }) => {
        const id = ids.next()
        return { ...field, id, type: withNewIds(field.type, ids) }
      }),
    }),
    list: (list) => {
      const id = ids.next()
      return { ...list, 'element-id': id, element: withNewIds(list.element, ids) }
    },
    map: (map) => {
      const [key, value] = [ids.next(), ids.next()]
      return {
        ...map,
        'key-id': key,
        'value-id': value,
        key: withNewIds(map.key, ids),
        value: withNewIds(map.value, ids),
      }
    },
  })
}
