import { loginIn, mechanismIn } from './login.ts'

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'

/** The settings with which a Java client of Kafka logs in as an identity. They hold its password: for files of mode 0600 only. */
function javaClientLogin(credentialsFile: string): Readonly<Record<string, string>> {
  return {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanismIn(credentialsFile),
    'sasl.jaas.config': loginModule(credentialsFile, ''),
  }
}

/** The same for a worker of Kafka Connect, whose own clients and those of its connectors log in as one user. */
export function connectWorkerLogin(credentialsFile: string): Readonly<Record<string, string>> {
  const login = Object.entries(javaClientLogin(credentialsFile))
  const owners = ['', 'producer.', 'consumer.', 'admin.']
  return Object.fromEntries(
    owners.flatMap((owner) => login.map(([name, value]) => [`${owner}${name}`, value])),
  )
}

/**
 * The same for a whole process, as the file that `java.security.auth.login.config` names. A client in it says the protocol and
 * the mechanism itself, and nothing secret.
 *
 * @param shaded what comes before the names of Kafka's classes in the jar that the client is in.
 */
export function javaLoginSection(credentialsFile: string, shaded = ''): string {
  return `KafkaClient {\n  ${loginModule(credentialsFile, shaded)}\n};\n`
}

function loginModule(credentialsFile: string, shaded: string): string {
  const { username, password } = loginIn(credentialsFile)()
  return `${shaded}${SCRAM} required username=${quoted(username)} password=${quoted(password)};`
}

/** As Java's parser of login files reads it. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
