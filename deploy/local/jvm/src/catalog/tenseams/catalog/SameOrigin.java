package tenseams.catalog;

import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses what a web page of another origin asks for. The catalogue reads a body as JSON whatever type the request says, so
 * a page could otherwise drop or rename tables without being allowed to read the answer.
 */
final class SameOrigin extends Handler.Wrapper {
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:127\\.0\\.0\\.1|localhost|\\[::1\\])(?::\\d+)?", Pattern.CASE_INSENSITIVE);

  SameOrigin(Handler handler) {
    super(handler);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String host = request.getHeaders().get(HttpHeader.HOST);
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    boolean isOurs = host != null && LOOPBACK.matcher(host).matches();
    if (isOurs && (origin == null || origin.equalsIgnoreCase("http://" + host))) {
      return super.handle(request, response, callback);
    }
    String reason = "requests of pages from another origin are refused";
    Response.writeError(request, response, callback, HttpStatus.FORBIDDEN_403, reason);
    return true;
  }
}
