package tenseams.flink;

import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames.ORIGIN;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.flink.runtime.rest.FileUploadHandler;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;

/**
 * Refuses what a web page of another origin asks for. Flink asks nobody for a password, so a page that the user of this
 * machine visits could otherwise submit a job, which is code: a form can send files to {@code POST /jobs}, and a name
 * that its owner points at 127.0.0.1 makes a page one of the same origin.
 */
final class SameOriginHandler extends ChannelInboundHandlerAdapter {
  private static final Pattern LOOPBACK =
      Pattern.compile("(?:127\\.0\\.0\\.1|localhost|\\[::1\\])(?::\\d+)?", Pattern.CASE_INSENSITIVE);

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    Optional<String> reason =
        message instanceof HttpRequest request ? refusal(request.headers()) : Optional.empty();
    if (reason.isEmpty()) {
      context.fireChannelRead(message);
      return;
    }
    ReferenceCountUtil.release(message);
    // A part of the request that is a file is on disk by now.
    FileUploadHandler.getMultipartFileUploads(context).close();
    context.writeAndFlush(refused(reason.get())).addListener(ChannelFutureListener.CLOSE);
  }

  private static Optional<String> refusal(HttpHeaders headers) {
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

  private static FullHttpResponse refused(String reason) {
    byte[] body = ("{\"errors\":[\"" + reason + "\"]}").getBytes(StandardCharsets.UTF_8);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN, Unpooled.wrappedBuffer(body));
    response.headers().set(CONTENT_TYPE, "application/json; charset=UTF-8");
    response.headers().set(CONTENT_LENGTH, body.length);
    response.headers().set(CONNECTION, "close");
    return response;
  }
}
