import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { problem, sendProblem } from './problem.ts'

/** The entity tag of a version (RFC 9110, section 8.8.3): strong, because a version's content never changes. */
export function etagOf(version: bigint): string {
  return `"${version}"`
}

/** Whether If-None-Match names this tag: `W/` is ignored there, and `*` matches any tag. */
export function isNamedWeakly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** Whether If-Match names this tag: a weak tag never matches. */
export function isNamedStrongly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag === etag)
}

function tagsOf(header: string): readonly string[] {
  return header.split(',').map((tag) => tag.trim())
}

/** For `schema.headers` of a route that changes one version. Use it with `requireIfMatch`. */
export const IfMatchHeaders = Type.Object({
  'if-match': Type.String({
    description: 'The ETag of the version that the client has seen, or * for any.',
  }),
})

/** A `preValidation` hook, so that a missing If-Match is 428. */
export async function requireIfMatch(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  return request.headers['if-match'] === undefined ? sendProblem(reply, ifMatchMissing) : undefined
}

const ifMatchMissing = problem(
  'if-match-missing',
  428,
  'If-Match is needed',
  'Read it first, and send its ETag as If-Match.',
)
