export type Verdict = 'pass' | 'fail' | 'inconclusive'

/** Of one rule or of a round, with the reason for people. */
export type Judgement = { readonly verdict: Verdict; readonly why: string }
