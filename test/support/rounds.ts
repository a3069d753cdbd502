/** Set by `npm run test:full`: what is repeated many times is repeated in full number. */
export const fullRoundsVariable = 'TEN_SEAMS_FULL_ROUNDS'

/** Whether `npm run test:full` runs this. */
export function isFull(): boolean {
  return process.env[fullRoundsVariable] !== undefined
}

/** How often something is repeated: fewer times in `npm test`, in full number in `npm run test:full`. */
export function rounds({ full, usual }: { readonly full: number; readonly usual: number }): number {
  return isFull() ? full : usual
}
