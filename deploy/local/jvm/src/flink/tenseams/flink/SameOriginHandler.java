package tenseams.flink;

import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.ORIGIN;

import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * Refuses what a web page of another origin asks for. A page that the user of this machine visits could otherwise read what
 * needs no login, and use one that their browser remembers: a form can send files to {@code POST /jobs}, and a name that its
 * owner points at 127.0.0.1 makes a page one of the same origin.
 */
final class SameOriginHandler extends RefusingHandler {
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:127\\.0\\.0\\.1|localhost|\\[::1\\])(?::\\d+)?", Pattern.CASE_INSENSITIVE);

  @Override
  protected Optional<Refusal> refusal(HttpRequest request) {
    return reason(request.headers()).map(why -> new Refusal(HttpResponseStatus.FORBIDDEN, why));
  }

  private static Optional<String> reason(HttpHeaders headers) {
    String host = headers.get(HOST, "");
    if (!LOOPBACK.matcher(host).matches()) {
      return Optional.of("only requests to 127.0.0.1 or localhost are answered");
    }
    String origin = headers.get(ORIGIN);
    if (origin != null && !origin.equalsIgnoreCase("http://" + host)) {
      return Optional.of("requests of pages from another origin are refused");
    }
    String site = headers.get("Sec-Fetch-Site", "none");
    boolean isNavigation = "navigate".equals(headers.get("Sec-Fetch-Mode")) && origin == null;
    boolean isOwn = "none".equals(site) || "same-origin".equals(site);
    return isOwn || isNavigation
        ? Optional.empty()
        : Optional.of("requests of pages from another site are refused");
  }
}
