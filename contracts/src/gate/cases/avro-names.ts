import { both, branch, nullableText, thing } from './avro-texts.ts'
import type { SchemaChange } from './schema-change.ts'

/** Changes of the names of Avro fields, with aliases and without. */
export const nameChanges: readonly SchemaChange[] = (
  [
    {
      name: 'a field without default is renamed without alias',
      older: [thing({ name: 'note', type: 'string' })],
      newer: thing({ name: 'remark', type: 'string' }),
      refused: [{ rule: 'field-renamed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a nullable field is renamed without alias',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing({ name: 'remark', ...nullableText }),
      refused: [{ rule: 'field-renamed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a field without default is renamed by alias',
      older: [thing({ name: 'note', type: 'string' })],
      newer: thing({ name: 'remark', type: 'string', aliases: ['note'] }),
      refused: [
        {
          rule: 'alias-unknown-to-older-readers',
          refusedBy: 'specification',
          breaks: ['forward'],
        },
      ],
    },
    {
      name: 'a nullable field is renamed by alias',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing({ name: 'remark', ...nullableText, aliases: ['note'] }),
      refused: [
        { rule: 'alias-unknown-to-older-readers', refusedBy: 'project', breaks: ['forward'] },
      ],
    },
    {
      name: 'a field gets back its former name, which older readers know as an alias',
      older: [thing({ name: 'remark', ...nullableText, aliases: ['note'] })],
      newer: thing({ name: 'note', ...nullableText, aliases: ['remark'] }),
      refused: [],
    },
    {
      name: 'an alias names a field that was there at the same time',
      older: [thing({ name: 'note', ...nullableText }, { name: 'remark', ...nullableText })],
      newer: thing({ name: 'remark', ...nullableText, aliases: ['note'] }),
      refused: [{ rule: 'alias-ambiguous', refusedBy: 'specification', breaks: ['backward'] }],
    },
    {
      name: 'an alias names a field that is there again',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing(
        { name: 'remark', ...nullableText, aliases: ['note'] },
        { name: 'note', ...nullableText },
      ),
      refused: [
        { rule: 'alias-shared', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'alias-unknown-to-older-readers', refusedBy: 'project', breaks: ['forward'] },
      ],
      registry: {
        refusesUnder: [],
        because: 'it compares field by field, and both fields are read',
      },
    },
    {
      name: 'a field has its own name as an alias',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing({ name: 'note', ...nullableText, aliases: ['note'] }),
      refused: [{ rule: 'alias-own-name', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a field of a new branch has its own name as an alias',
      older: [thing()],
      newer: thing(branch({ name: 'sku', type: 'string', aliases: ['sku'] })),
      refused: [{ rule: 'alias-own-name', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'an older version has the name of a field as its alias',
      older: [thing({ name: 'note', ...nullableText, aliases: ['note'] })],
      newer: thing({ name: 'note', ...nullableText }),
      refused: [{ rule: 'alias-own-name', refusedBy: 'project', breaks: ['forward'] }],
    },
    {
      name: 'a field is renamed twice, each time by alias',
      older: [
        thing({ name: 'note', ...nullableText }),
        thing({ name: 'remark', ...nullableText, aliases: ['note'] }),
      ],
      newer: thing({ name: 'comment', ...nullableText, aliases: ['remark'] }),
      refused: [
        { rule: 'alias-unknown-to-older-readers', refusedBy: 'project', breaks: ['forward'] },
      ],
      refusedEarlier: [{ rule: 'field-renamed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a field is renamed twice, and has both former names as aliases',
      older: [
        thing({ name: 'note', ...nullableText }),
        thing({ name: 'remark', ...nullableText, aliases: ['note'] }),
      ],
      newer: thing({ name: 'comment', ...nullableText, aliases: ['remark', 'note'] }),
      refused: [
        { rule: 'alias-unknown-to-older-readers', refusedBy: 'project', breaks: ['forward'] },
      ],
    },
    {
      name: 'a renamed field loses the alias that older records need',
      older: [
        thing(branch({ name: 'note', ...nullableText })),
        thing(branch({ name: 'remark', ...nullableText, aliases: ['note'] })),
      ],
      newer: thing(branch({ name: 'remark', ...nullableText })),
      refused: [],
      refusedEarlier: [{ rule: 'field-renamed', refusedBy: 'project', breaks: both }],
    },
  ] satisfies readonly Omit<SchemaChange, 'format'>[]
).map((change) => ({ ...change, format: 'avro' }))
