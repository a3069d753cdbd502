package tenseams.kafka;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's own authorizer, whose decisions it leaves as they are, and a note of each right that was used: {@link Uses}. Who may do
 * everything is not noted, nor a client that only asks what it may do, of which there are two kinds: a request for the operations
 * that are allowed, which the broker marks, and a client whose id says so.
 */
public final class NotingAuthorizer extends StandardAuthorizer {
  private static final Logger LOG = LoggerFactory.getLogger(NotingAuthorizer.class);
  private static final long MOST_BYTES = 2_000_000;

  private Uses uses;
  private Set<String> superUsers;
  private String askingPrefix;

  @Override
  public void configure(Map<String, ?> configs) {
    super.configure(configs);
    superUsers =
        Stream.of(Objects.toString(configs.get(SUPER_USERS_CONFIG), "").split(";"))
            .map(each -> each.strip().replaceFirst("^User:", ""))
            .collect(Collectors.toUnmodifiableSet());
    askingPrefix = required(configs, "tenseams.uses.asking.client.prefix");
    Path folder = Path.of(required(configs, "tenseams.uses.folder"));
    uses =
        new Uses(
            folder,
            MOST_BYTES,
            failure -> LOG.warn("which rights are used cannot be noted in {}", folder, failure));
  }

  private static String required(Map<String, ?> configs, String name) {
    if (configs.get(name) instanceof String value && !value.isEmpty()) {
      return value;
    }
    throw new ConfigException(name, configs.get(name), "it is needed");
  }

  @Override
  public List<AuthorizationResult> authorize(
      AuthorizableRequestContext context, List<Action> actions) {
    List<AuthorizationResult> results = super.authorize(context, actions);
    String user = context.principal().getName();
    if (superUsers.contains(user) || isAsking(context.clientId())) {
      return results;
    }
    long nowMs = System.currentTimeMillis();
    for (int at = 0; at < results.size(); at++) {
      Action action = actions.get(at);
      if (results.get(at) == AuthorizationResult.ALLOWED && action.logIfAllowed()) {
        uses.note(
            new Uses.Use(
                user,
                action.operation(),
                action.resourcePattern().resourceType(),
                action.resourcePattern().name()),
            nowMs);
      }
    }
    return results;
  }

  private boolean isAsking(String clientId) {
    return clientId != null && clientId.startsWith(askingPrefix);
  }
}
