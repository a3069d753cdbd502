import type { Access } from '@tenseams/identities/routes'
import { type Problem, problem } from '../problem.ts'
import { type Caller, inWords } from './rights.ts'

type Guarded = Exclude<Access, 'public'>

const HOW =
  'Send the header `Authorization: Bearer <token>` with the token out of the file of an identity, such as .stack/<instance>/secrets/operator.json.'

export const tokenMissing = (access: Guarded): Problem =>
  problem('token-missing', 401, 'A token is required', `${inWords(access)}. ${HOW}`)

export const tokenUnknown: Problem = problem(
  'token-unknown',
  401,
  'The token is not known',
  `It is no bearer token, or nobody's, or was replaced. ${HOW} Without the header you are nobody, who may use public routes.`,
)

export const notPermitted = (access: Guarded, { identity, role }: Caller): Problem =>
  problem(
    'not-permitted',
    403,
    'This identity may not do that',
    `You are ${identity} (${role ?? 'no role'}). ${inWords(access)}: use its token.`,
  )

export const tokenInAddress: Problem = problem(
  'token-in-address',
  400,
  'A token in an address is refused',
  'Send it in the header Authorization. Addresses end in logs, so replace it if it was a real one.',
)
