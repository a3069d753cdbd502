package tenseams.flink;

import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.AUTHORIZATION;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpMethod;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tenseams.login.Logins;

/** Asks for a login wherever one is needed, and notes who has changed what. */
final class LoginHandler extends RefusingHandler {
  private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);
  private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  private final Logins logins;
  private final Pattern open;

  /** @param open the paths, without their query, that everybody may read. */
  LoginHandler(Logins logins, Pattern open) {
    this.logins = logins;
    this.open = open;
  }

  @Override
  protected Optional<Refusal> refusal(HttpRequest request) throws IOException {
    String path = request.uri().split("\\?", 2)[0];
    // Flink's router decodes an address twice: no pattern knows what one with a % is in the end.
    boolean isPlain = path.indexOf('%') < 0;
    if (READING.contains(request.method()) && isPlain && open.matcher(path).matches()) {
      return Optional.empty();
    }
    Optional<String> identity = logins.identityIn(request.headers().get(AUTHORIZATION));
    if (identity.isEmpty()) {
      return Optional.of(
          new Refusal(
              HttpResponseStatus.UNAUTHORIZED,
              "this needs the login of an identity that may do it: its name, and its token as the password"));
    }
    if (!READING.contains(request.method())) {
      LOG.info("{}: {} {}", identity.get(), request.method(), path);
    }
    return Optional.empty();
  }
}
