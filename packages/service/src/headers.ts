import helmet from 'helmet'
import type { Server } from './server-type.ts'

/**
 * For answers that are data and no page: a browser that shows one runs nothing out of it, puts it into no frame, and takes it
 * for nothing but what it is. The page of documentation has a policy of its own (api.ts). Nothing says that TLS is needed:
 * what ends TLS in front of a service says so.
 */
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginEmbedderPolicy: false,
  strictTransportSecurity: false,
  xDownloadOptions: false,
  xDnsPrefetchControl: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  originAgentCluster: false,
})

/** Before every other hook, so that refusals have the headers as well. */
export function addSecurityHeaders(server: Server): void {
  server.addHook('onRequest', (request, reply, done) => {
    protect(request.raw, reply.raw, () => done())
  })
}
