# shellcheck shell=bash
# The shell in which the commands of runbooks run, by `npm run runbook` or by hand:
#
#   INSTANCE=default . deploy/observability/environment.sh
#
# It needs bash, sed and awk, and no Node: it is for the day on which nothing else works. It reads where the instance listens
# and with what its operator and its admin log in, and writes the latter into files that only their owner reads, so that no
# secret is in a list of processes. Read anew, it is right after a rotation, too. runbooks/README.md says what each name is.

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PROJECT
export INSTANCE=${INSTANCE:-default}
export STATE=$PROJECT/.stack/$INSTANCE
export LOGS=$STATE/logs
export SECRETS=$STATE/secrets

if [ ! -r "$SECRETS/admin.json" ]; then
  echo "$SECRETS/admin.json cannot be read: there is no instance \"$INSTANCE\", or it is another user's." >&2
  echo "Instances are the folders in $PROJECT/.stack; name one by INSTANCE=<name>." >&2
  # Sourced by a person it must not end their shell.
  return 2
fi

PORT_OFFSET=${PORT_OFFSET:-$(sed -n 's/.*"portOffset": *\([0-9]*\).*/\1/p' "$STATE/run/instance.json" 2>/dev/null || true)}
export PORT_OFFSET=${PORT_OFFSET:-0}

# Without a process of its own for each of twenty ports.
_PORTS=$(cat "$PROJECT/packages/cli/ports.json")
_port() {
  local rest=${_PORTS#*\"$1\": }
  echo $((${rest%%[!0-9]*} + PORT_OFFSET))
}
_url() { echo "http://127.0.0.1:$(_port "$1")"; }

export BROKERS=127.0.0.1:$(_port kafka)
export ORDERS_URL=$(_url orders) PAYMENTS_URL=$(_url payments) PAYMENT_PROVIDER_URL=$(_url paymentProvider)
export FULFILMENT_URL=$(_url fulfilment) LAKEHOUSE_URL=$(_url lakehouse) PULSE_URL=$(_url pulse)
export AUDITOR_URL=$(_url auditor) EXPORTER_URL=$(_url exporter) PAGER_URL=$(_url pager)
export REGISTRY_URL=$(_url registry) CONNECT_URL=$(_url connect) CATALOG_URL=$(_url catalog)
export FLINK_URL=$(_url flinkRest) PROMETHEUS_URL=$(_url prometheus) ALERTMANAGER_URL=$(_url alertmanager)

# What Kafka's tools, curl and psql log in with: the admin in Kafka and in Postgres, the operator everywhere else. Each file is replaced as a
# whole, since another shell may read it now.
_LOGINS=$STATE/run/runbook
export KAFKA_LOGIN=$_LOGINS/kafka.properties
export BEARER=$_LOGINS/bearer.curl BASIC=$_LOGINS/basic.curl
export PGPASSFILE=$_LOGINS/pgpass
_replace() {
  local unfinished=$1.$BASHPID
  cat > "$unfinished"
  mv "$unfinished" "$1"
}
_write_logins() (
  umask 077
  mkdir -p "$_LOGINS"
  kafka=$(sed -n '/"kafka"/,/}/p' "$SECRETS/admin.json")
  password=$(echo "$kafka" | sed -n 's/.*"password": "\(.*\)".*/\1/p')
  mechanism=$(echo "$kafka" | sed -n 's/.*"mechanism": "\(.*\)".*/\1/p' | tr '[:lower:]' '[:upper:]')
  {
    echo security.protocol=SASL_PLAINTEXT
    echo "sasl.mechanism=$mechanism"
    echo "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"admin\" password=\"$password\";"
    # A tool that finds no broker says so within half a minute.
    echo request.timeout.ms=15000
    echo default.api.timeout.ms=20000
  } | _replace "$KAFKA_LOGIN"
  token=$(sed -n 's/.*"token": "\(.*\)".*/\1/p' "$SECRETS/operator.json")
  echo "header = \"Authorization: Bearer $token\"" | _replace "$BEARER"
  echo "user = \"operator:$token\"" | _replace "$BASIC"
  echo "*:*:*:postgres:$(sed -n 's/.*"postgres": "\(.*\)".*/\1/p' "$SECRETS/admin.json")" | _replace "$PGPASSFILE"
)
_write_logins

# The admin of Postgres, with bounds: a statement takes half a minute at most.
export PGHOST=127.0.0.1 PGPORT=$(_port postgres) PGUSER=postgres PGDATABASE=shop PGCONNECT_TIMEOUT=5
export PGOPTIONS='-c statement_timeout=30s -c lock_timeout=5s'

# url_of <part>: where a service of ours listens.
url_of() {
  local variable
  variable=$(echo "$1" | tr '[:lower:]-' '[:upper:]_')_URL
  echo "${!variable}"
}

# process_of <part>: its process, with its state: S sleeps, R runs, T is stopped by a signal, Z has ended.
process_of() {
  local pid
  pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$STATE/run/$1.json" 2>/dev/null || true)
  if [ -z "$pid" ]; then echo "$1 was stopped by somebody, or was never started"; return 0; fi
  ps -o pid,stat,etime,pcpu,rss,cmd -p "$pid" | cut -c 1-100 || true
  if [ ! -d "/proc/$pid" ]; then echo "$1 is dead: its last process was $pid"; fi
}

# health <part>: what the service says of itself; each part of it that is not ready says why.
health() { curl -sS --max-time 10 -K "$BEARER" "$(url_of "$1")/health/detail" && echo; }

# warnings <part> [<lines>]: the last warnings and errors of its log.
warnings() {
  tail -n 5000 "$LOGS/$1.log" | grep -E '"level":(40|50|60)|^[^ ]+ +(WARN|ERROR|FATAL)| (WARN|ERROR|FATAL|PANIC):? ' |
    tail -n "${2:-20}" | cut -c 1-1500 || true
}

# metrics <part> <metric> [<label>=<value> …]: what a service of ours shows now, without Prometheus.
metrics() {
  local all lines label
  all=$(curl -sS -f --max-time 10 -K "$BEARER" "$(url_of "$1")/metrics") || return 1
  lines=$(echo "$all" | grep -E "^$2[{ ]" || true)
  for label in "${@:3}"; do
    lines=$(echo "$lines" | grep -F "${label%%=*}=\"${label#*=}\"" || true)
  done
  if [ -n "$lines" ]; then echo "$lines"; else echo "no series of $2 ${*:3}" >&2; fi
}

# … | at_most <n>, … | at_least <n>: shows the series and fails when one is beyond, or when there is none.
at_most() { awk -v bound="$1" '{ print } $NF + 0 > bound { bad = 1 } END { exit bad || NR == 0 }'; }
at_least() { awk -v bound="$1" '{ print } $NF + 0 < bound { bad = 1 } END { exit bad || NR == 0 }'; }
# … | younger_than <seconds>: the same for series that are points in time.
younger_than() {
  awk -v now="$(date +%s)" -v bound="$1" \
    '{ age = now - $NF; printf "%s  %d s ago\n", $1, age } age > bound { bad = 1 } END { exit bad || NR == 0 }'
}

# job_id <name>: the id of the newest run of a Flink job, by which its REST interface knows it.
job_id() {
  curl -sS -f --max-time 10 "$FLINK_URL/jobs/overview" | tr '{' '\n' |
    sed -n "s/.*\"jid\":\"\([0-9a-f]*\)\",\"name\":\"$1\",\"start-time\":\([0-9]*\).*/\2 \1/p" | sort -n | tail -n 1 | cut -d ' ' -f 2
}

# promql '<query>': what Prometheus says now.
promql() {
  curl -sS -f --max-time 30 -K "$BASIC" "$PROMETHEUS_URL/api/v1/query" --data-urlencode "query=$1" -w '\n' |
    sed -e 's/{"metric":/\n&/g' | sed -n -e 's/^{"metric":\({[^}]*}\),"value":\[[0-9.]*,"\([^"]*\)"\].*/\1  \2/p'
}

# A JDK where the launcher finds one, too.
_java() {
  local found
  found=${JAVA_HOME:+$JAVA_HOME/bin/java}
  found=${found:-$(command -v java || true)}
  if [ -z "$found" ]; then
    for found in /usr/lib/jvm/*/bin/java; do break; done
  fi
  "$found" "$@"
}
# Kafka's own tools out of the instance's jars, where its distribution is not in PATH.
_kafka_tool() {
  _java -Xmx256m -XX:TieredStopAtLevel=1 -cp "$PROJECT/deploy/local/jvm/lib/kafka/*" \
    "-Dlog4j2.configurationFile=$PROJECT/deploy/observability/kafka-tools-log.properties" "$@"
}
if ! command -v kafka-topics.sh > /dev/null; then
  kafka-topics.sh() { _kafka_tool org.apache.kafka.tools.TopicCommand "$@"; }
  # Alone it ends with 0 also when it says that it could not do it.
  kafka-consumer-groups.sh() {
    local said
    said=$(_kafka_tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand "$@" 2>&1) || true
    echo "$said"
    ! echo "$said" | grep -q '^Error:'
  }
  kafka-transactions.sh() { _kafka_tool org.apache.kafka.tools.TransactionsCommand "$@"; }
  kafka-get-offsets.sh() { _kafka_tool org.apache.kafka.tools.GetOffsetShell "$@"; }
  kafka-console-consumer.sh() { _kafka_tool org.apache.kafka.tools.consumer.ConsoleConsumer "$@"; }
  kafka-configs.sh() { _kafka_tool kafka.admin.ConfigCommand "$@"; }
  kafka-acls.sh() { _kafka_tool org.apache.kafka.tools.AclCommand "$@"; }
  kafka-log-dirs.sh() { _kafka_tool org.apache.kafka.tools.LogDirsCommand "$@"; }
fi
