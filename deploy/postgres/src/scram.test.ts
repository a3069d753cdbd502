import { expect, test } from 'vitest'
import { scramVerifier } from './scram.ts'

test('a verifier is that of RFC 7677’s example', () => {
  expect(scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('every verifier has a salt of its own, and nothing of the password', () => {
  const [one, other] = [scramVerifier('a-secret'), scramVerifier('a-secret')]
  expect(one).not.toBe(other)
  expect(one).not.toContain('a-secret')
})
